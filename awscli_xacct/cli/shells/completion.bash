# How bash completes `xacct`; see completion.py.
_xacct() {
    local i line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i == COMP_CWORD - 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$2")
            fi
            return
        fi
    done
    mapfile -t COMPREPLY < <(command xacct completion --line "$COMP_WORDBREAKS" "$line" 2>/dev/null)
}
complete -o bashdefault -o default -F _xacct xacct
