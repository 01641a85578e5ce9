#include "tensor/json_string.h"

#include <string>

#include "gtest/gtest.h"

namespace hollow {
namespace {

TEST(JsonStringTest, IsInQuotesAndEscaped) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("blocks.0.ls1"), R"("blocks.0.ls1")");
  EXPECT_EQ(json_string("say \"a\\b\"\n\x1f"), R"("say \"a\\b\"\u000a\u001f")");
  EXPECT_EQ(json_string(std::string(1, '\0')), R"("\u0000")");
}

TEST(JsonStringTest, CharactersOfUtf8Stay) {
  for (const std::string character :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(json_string("a" + character + "b"), "\"a" + character + "b\"");
    EXPECT_EQ(json_string(character), "\"" + character + "\"");
  }
}

TEST(JsonStringTest, OtherBytesAreReplaced) {
  // Alone, too long for what they say, halves of pairs, beyond the last, cut short.
  for (const std::string bytes :
       {"\x80", "\xff", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x90\x80", "\xc3"}) {
    std::string replaced;
    for (size_t i = 0; i < bytes.size(); ++i) replaced += "\\ufffd";
    EXPECT_EQ(json_string("a" + bytes + "b"), "\"a" + replaced + "b\"");
    EXPECT_EQ(json_string(bytes), "\"" + replaced + "\"");
  }
}

}  // namespace
}  // namespace hollow
