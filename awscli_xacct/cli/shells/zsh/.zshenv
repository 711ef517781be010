# The first file that zsh reads in a shell of `xacct exec`. The user's own files are read as always.
_xacct_files=$ZDOTDIR
ZDOTDIR=${_XACCT_ZDOTDIR:-$HOME}
if [[ -r $ZDOTDIR/.zshenv ]]; then
    . "$ZDOTDIR/.zshenv"
fi
if [[ -o interactive ]]; then
    _XACCT_ZDOTDIR=$ZDOTDIR
    ZDOTDIR=$_xacct_files
elif [[ $ZDOTDIR == "$HOME" ]]; then
    unset ZDOTDIR
fi
