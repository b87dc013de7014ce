#!/bin/bash
# A plan on 10,000 rules of which one line was edited, as people make it: files, command line, API, recorded flows. Needs root.
here=$(dirname "$(readlink -f "$0")")
exec "$here/Merlon.Bench/bin/Release/net10.0/Merlon.Bench" plan "$here/../artifacts/bin"
