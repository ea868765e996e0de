#!/usr/bin/env bash
# Writes compressed/: a small run, and a text that it compressed in each mode. Made once, on x86-64: every machine must read and
# write the same bytes, so that it is made again only when the format changes.
#
#     generate_compressed.sh CHARRNN
set -euo pipefail
charrnn=$(realpath "$1")
corpora=$(realpath "$(dirname "$0")/../../corpora")
cd "$(dirname "$0")/compressed"
head -c 3000 "$corpora/fables.txt" > training.txt
tail -c 400 "$corpora/fables.txt" > text.txt
printf 'Caf\xc3\xa9\r\n\xff\xfe\n' >> text.txt
"$charrnn" train training.txt --out run --overwrite --plain --hidden 12 --layers 2 --batch 4 --length 16 --steps 200 --sample-every 0
rm run/last.safetensors run/metrics.jsonl run/run.lock
compress() { "$charrnn" compress run text.txt --overwrite --out "$@"; }
compress static
compress dynamic --dynamic
compress ngrams --with-ngrams
compress both --dynamic --with-ngrams
