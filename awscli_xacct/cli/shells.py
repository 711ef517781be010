"""The scripts of `xacct completion`. Behind ``--`` stands another command, which the shell completes as ever."""

from __future__ import annotations

_BASH = """\
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
"""

_ZSH = """\
#compdef xacct
_xacct() {
    local -i dashes=${words[(i)--]}
    if ((dashes < CURRENT)); then
        shift $dashes words
        ((CURRENT -= dashes))
        _normal
        return
    fi
    local -a found
    found=("${(@f)$(command xacct completion --next "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    if [[ -n $found[1] ]]; then
        compadd -a found
    else
        _files
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _xacct "$@"
else
    compdef _xacct xacct
fi
"""

_FISH = """\
function __xacct_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command xacct completion --next $words[2..-1] "$current" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
function __xacct_command
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1..(contains -i -- -- $words)]
    complete -C (string join ' ' -- (string escape -- $words) "$current")
end
complete -c xacct -f -n 'not contains -- -- (commandline -opc)' -a '(__xacct_candidates)'
complete -c xacct -f -n 'contains -- -- (commandline -opc)' -a '(__xacct_command)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
