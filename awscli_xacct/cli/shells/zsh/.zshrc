# The second one: after the user's own, the prompt tells whose credentials the shell has.
ZDOTDIR=$_XACCT_ZDOTDIR
unset _XACCT_ZDOTDIR
if [[ $HISTFILE == "$_xacct_files"/* ]]; then
    HISTFILE=$ZDOTDIR/${HISTFILE:t}
fi
unset _xacct_files
if [[ -r $ZDOTDIR/.zshrc ]]; then
    . "$ZDOTDIR/.zshrc"
fi
if [[ $ZDOTDIR == "$HOME" ]]; then
    unset ZDOTDIR
fi
_xacct_mark_prompt() {
    if [[ $PROMPT != *"xacct status --prompt"* ]]; then
        setopt prompt_subst
        PROMPT='$(command xacct status --prompt 2>/dev/null) '$PROMPT
    fi
}
autoload -Uz add-zsh-hook
add-zsh-hook precmd _xacct_mark_prompt
