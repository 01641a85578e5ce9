"""Flags for the command line and for .bazelrc, which rules read and config_setting matches."""

FlagInfo = provider("The value of a flag.", fields = ["value"])

def _flag_impl(ctx):
    return FlagInfo(value = ctx.build_setting_value)

bool_flag = rule(implementation = _flag_impl, build_setting = config.bool(flag = True))
string_list_flag = rule(implementation = _flag_impl, build_setting = config.string_list(flag = True))
