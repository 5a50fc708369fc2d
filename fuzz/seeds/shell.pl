# The shell: 0 and what is typed at the console, 1 and a script, 2 and the text of -c.

sub typed { my ($name, $text) = @_; seed('shell', $name, "\0$text") }
sub script { my ($name, $text) = @_; seed('shell', $name, "\1$text") }
sub command { my ($name, $text) = @_; seed('shell', $name, "\2$text") }

typed('line', 'echo $x"$HOME"${x}a\'b\'\\c >out 2>&1 | b <in >>log && c || d &' . "\nx=1; export x; wait\n");
typed('keys', "hello\e[D\e[Dp\001a\005b\002\006\020\016\010\177\nls\n\e[A\e[B\eOH\e[F\e[3~\013\025q\027\014\t\303\244\010\003\r\n" .
  "a \"\nb\"\nexit 3\n");
typed('history', join '', map { "a$_\n" } 0 .. 63);
typed('history-full', join '', map { "a$_\n" } 0 .. 69);
typed('wide', '0' x 100 . "\e[D\e[D\e[A\001\e[C\005\e[1~\e[7~x\e[4~\e[8~y\e[3;5~\e[9999~\e[Z\ex\eOH\002\002\010\014" .
  "\010" x 100 . "a b  \027\027\013\e[A\e[A\e[B\e[B\n\nq\nq\n \nz\020\020\016\016\n\004");
script('script', <<'SCRIPT');
# a script
cd missing; cd /tmp; pwd; export PATH A=b; unset A; status 1 || no
bad; (
echo $?$$$#$!$@$*$1${2 "$@" "$*" "\$x"
sleep 1 &
jobs; fg %1; kill %1
wait 7; status 1009
x=2 env
help; false
SCRIPT
typed('long', '0' x 1030 . "\n");
typed('edits', "\303\244b\002\002\006\001\004\033[99999~\034\377  \027\001  \027\004\n");
script('unfinished', 'a "b');
command('values', 'x=" a  b "; y=$x z=$*; echo $x "$x" >$x <$y; echo "$*" "$@"x $* "\q$" $y');
command('text', 'echo $0 $1 "$@" $#; a &' . "\n" . 'b & wait %2; fg; bg; jobs; kill -9 %1; exit');
command('error', 'a | | b');
my $number = 0;
command('text-' . ++$number, $_) for
  '& a', 'a > > b', 'a >', '> a', 'a 3>&1', 'a 2>&x', '1<a', 'a &&', '; ;', 'a\\', "a\\\nb", "a \\\n b", '"a\\', "\"a\\\nb\$x\\\$\"", '${x', '${', '$',
  '$9 ${1}', '"$@"', '$* $@', 'x=1 y=2', '9x=1', '=1', 'a|b&', "'a", "\r\t a#b #c", '"${x}y"', 'unset', 'cd', 'exit 1 2', 'a 0>&-',
  'x="a b" ; y $x', 'a;b|c&&d||e&';
1;
