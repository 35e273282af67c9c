#!/bin/sh
# Denoises whatever ffmpeg can read into whatever it can write, nothing in between on the disk:
#   sh any-format.sh talk.mp3 talk.opus
set -eu
[ $# -eq 2 ] || { echo 'usage: any-format.sh INPUT OUTPUT' >&2; exit 2; }

# A pipe ends well when its last command does: the status of the others is kept aside.
status=$(mktemp)
trap 'rm -f "$status"' EXIT
{ ffmpeg -nostdin -v error -i "$1" -map 0:a:0 -f wav - || echo 'no sound read' >>"$status"; } |
  { percepnet-wasm denoise --quiet - - || echo 'not denoised' >>"$status"; } |
  ffmpeg -v error -y -f wav -i - "$2" || echo 'not written' >>"$status"
if [ -s "$status" ]; then
  cat "$status" >&2
  exit 1
fi
