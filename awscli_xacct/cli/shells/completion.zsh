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
elif ((${+functions[compdef]})); then
    compdef _xacct xacct
fi
zmodload zsh/system 2>/dev/null
