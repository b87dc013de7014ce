#!/bin/bash
# Workload W10: policies of 1,000 to 100,000 rules in the shapes of ClassBench and of groups: compile time, map bytes, verdicts; and a plan.
exec "$(dirname "$(readlink -f "$0")")/Merlon.Bench/bin/Release/net10.0/Merlon.Bench" policy "$@"
