#!/bin/sh
# Merges coverage into lcov's format, for `bazel coverage`. As lcov_merger it reads the gcov JSON of
# one test (--coverage_dir), as coverage_report_generator the reports of all tests (--reports_file).
set -eu

directory='' reports='' output=''
for argument; do
    case $argument in
    --coverage_dir=*) directory=${argument#*=} ;;
    --reports_file=*) reports=${argument#*=} ;;
    --output_file=*) output=${argument#*=} ;;
    esac
done

# Both print "file line count". A file's name follows its lines up to gcc 13, then it leads them.
from_gcov() {
    find "$directory" -name '*.gcov.json.gz' -exec gzip -dc {} + | awk -v RS='{' '
        function value(key) {
            if (!match($0, "\"" key "\": *(\"[^\"]*|[0-9]+)")) return ""
            found = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
            gsub(/[ "]/, "", found)
            return found
        }
        function flush() {
            for (i = 1; i <= n; i++) print file, lines[i]
            n = 0
        }
        /"file":/ {
            if (/^"file":/) flush()
            file = value("file")
            if (!/^"file":/) flush()
        }
        /"line_number":/ { lines[++n] = value("line_number") " " value("count") }
        END { flush() }'
}
from_reports() {
    tr '\n' '\0' < "$reports" | xargs -0 cat | awk -F'[:,]' '
        $1 == "SF" { file = $2 }
        $1 == "DA" { print file, $2, $3 }'
}

{ if [ -n "$reports" ]; then from_reports; else from_gcov; fi; } |
    awk '$1 !~ /^(\/|external\/)/ { count[$1 " " $2] += $3 } END { for (k in count) print k, count[k] }' |
    sort -k1,1 -k2,2n |
    awk '
        $1 != file { if (file) print "end_of_record"; file = $1; print "SF:" file }
        { print "DA:" $2 "," $3 }
        END { if (file) print "end_of_record" }' > "$output"
