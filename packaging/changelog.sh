#!/usr/bin/env bash
# changelog.sh VERSION SECONDS < CHANGELOG.md: the newest section of it as a Debian changelog, on standard output.
set -euo pipefail

printf 'sleigh (%s) unstable; urgency=medium\n' "$1"
# One entry per line first, whatever its length; then folded, what follows the first line set in.
awk '
    function put() { if (entry != "") print entry; entry = "" }
    /^## / { if (section++) exit; next }
    !section { next }
    /^### / { put(); print "\n  [ " substr($0, 5) " ]" }
    /^- / { put(); entry = "  * " substr($0, 3) }
    /^  [^ ]/ { entry = entry " " substr($0, 3) }
    END { put() }
' | fold --spaces --width=76 | sed -e 's/ *$//' -e 's/^\([^ ]\)/    \1/'
printf '\n -- Sleigh maintainers <maintainers@sleigh.invalid>  %s\n' "$(LC_ALL=C TZ=UTC date --rfc-email --date="@$2")"
