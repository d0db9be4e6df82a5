# SPDX-License-Identifier: MIT
# Completion of lockval for bash. What there is to choose from the command says itself (lockval complete); here is only what
# bash wants to be told.

# The words up to the cursor as they were typed, in _lockval_typed: bash splits them at = and : as well. _lockval_at has the
# number of each one's first piece.
_lockval_join()
{
    local rest=${COMP_LINE:0:COMP_POINT} bare piece i
    _lockval_typed=()
    _lockval_at=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        bare=${rest#"${rest%%[![:space:]]*}"}
        [[ $i == "$COMP_CWORD" ]] && piece=$bare
        if ((i > 0)) && [[ $bare == "$rest" && -n $bare$piece ]] || { ((i > 0)) && [[ -z $rest ]]; }; then
            _lockval_typed[${#_lockval_typed[@]} - 1]+=$piece
        else
            _lockval_typed+=("$piece")
            _lockval_at+=("$i")
        fi
        rest=${bare#"$piece"}
    done
}

# The rest is the command line of a program, from word number $1 on.
_lockval_program()
{
    local offset=${_lockval_at[$1]}
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$offset"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$offset"
    elif ((offset == COMP_CWORD)); then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"; compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
    else
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
    fi
}

# Paths behind $2, which the current word $3 begins with; $1 is -f or -d.
_lockval_paths()
{
    local path
    compopt -o filenames
    while IFS= read -r path; do
        COMPREPLY+=("$2$path")
    done < <(compgen "$1" -- "${3#"$2"}")
}

_lockval()
{
    local -a _lockval_typed _lockval_at
    local line word current cut i
    COMPREPLY=()
    _lockval_join
    current=${_lockval_typed[${#_lockval_typed[@]} - 1]}
    while IFS= read -r line; do
        case $line in
            ':files '*) _lockval_paths -f "${line#:files }" "$current" ;;
            ':folders '*) _lockval_paths -d "${line#:folders }" "$current" ;;
            ':command '*)
                _lockval_program "${line#:command }"
                return
                ;;
            *)
                word=${line%%$'\t'*}
                COMPREPLY+=("$word")
                [[ $word == *[=,] ]] && compopt -o nospace
                ;;
        esac
    done < <("${_lockval_typed[0]}" complete -- "${_lockval_typed[@]:1}" 2>/dev/null)

    # bash replaces only what stands behind the last character at which it splits words.
    cut=
    for ((i = 0; i < ${#current}; i++)); do
        [[ ${current:i:1} == [=:] && $COMP_WORDBREAKS == *"${current:i:1}"* ]] && cut=${current:0:i+1}
    done
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
    done
}

complete -F _lockval lockval
