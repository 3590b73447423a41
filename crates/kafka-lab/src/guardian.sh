# Reads "add PID", "del PID" and "keep" from the lab; when the pipe closes, however that comes, it kills every process group
# still listed (SIGKILL ends stopped processes too) and removes the folder $1 unless told to keep it.
trap '' INT TERM HUP QUIT
pids=' ' keep=
while read -r verb pid; do
    case $verb in
        add) pids="$pids$pid " ;;
        del) case $pids in *" $pid "*) pids="${pids%%" $pid "*} ${pids#*" $pid "}" ;; esac ;;
        keep) keep=1 ;;
    esac
done
for pid in $pids; do kill -s KILL -- "-$pid"; done
[ "$keep" ] && exit
# A dying process may still finish creating a file, so that rm finds the folder filled again.
tries=100
while [ -e "$1" ] && [ $tries -gt 0 ]; do
    rm -rf -- "$1" || sleep 0.1
    tries=$((tries - 1))
done
