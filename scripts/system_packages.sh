#!/bin/sh
# Installs the system packages that the server and its tests use, where that is allowed. What is
# missing afterwards is named; the server runs without any of them, tests that need one skip.
set -eu

# espeak-ng: speech in other languages, and a test caller's voice. The others are test callers:
# SIP clients, recorded human speech and music, another voice, a browser. iproute2: network
# namespaces, in which tests spoil the line.
packages="espeak-ng sip-tester baresip-core asterisk-core-sounds-en-wav asterisk-moh-opsound-wav flite
chromium iproute2"

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "==> not a Debian system; for the whole test suite install:$missing"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "==> for the whole test suite, as root: apt-get install$missing"
    exit 0
fi
echo "==> installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >.setup/apt.log 2>&1
then
    echo "==> done"
else
    tail -n 3 .setup/apt.log >&2 2>/dev/null || true
    echo "==> could not install:$missing (tests that need them will be skipped)" >&2
fi
