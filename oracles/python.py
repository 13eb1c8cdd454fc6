"""Asks CPython which texts are programs; crates/lab/tests/oracles/python.json holds its verdicts.

    python oracles/python.py            writes the file
    python oracles/python.py --check    asks again about every text of the file; exit status 1 if a verdict has moved

The texts are small programs that are written below, right and wrong ones; the same with a few characters changed at random; and the
snippets of recipes/text/copilot.toml, broken off after each of their characters. What versions of Python see differently is not changed.
"""
import argparse, ast, json, pathlib, random, re, sys, tomllib, warnings

ROOT = pathlib.Path(__file__).parent.parent
FILE, RECIPE = ROOT / "crates/lab/tests/oracles/python.json", ROOT / "recipes/text/copilot.toml"
CHANGED = 600

# One a line, where ¶ stands for a new line and → for a tab.
RIGHT = r"""
x = 1
x, y = y, x
x = y = z = 0
*a, b = c
* x
(a, b), c = d
[a, b] = c
a.b = c
a[0] = b
a[1:2, ::3] = b
a: int
a: int = 1
a.b: str = 'c'
x += 1
x //= 2
x **= y
x @= y
x >>= 1
del a, b[0], c.d
del (a, b)
pass
x; y; z
x;
return x
return
yield
yield x
x = yield y
x = yield from y
await x
raise
raise ValueError
raise ValueError('no') from error
assert x
assert x, 'why'
global a, b
nonlocal a
import a
import a.b.c as d, e
from a import b
from a import b as c, d
from a import (b, c,)
from . import a
from ..a.b import c
from ... import d
from a import *
if x: y
if x:¶    y¶elif z:¶    w¶else:¶    v
while x:¶    break¶else:¶    continue
for x in y: pass
for x, y in z:¶    pass¶else:¶    pass
for x in 1, 2, 3: pass
for x, in y: pass
for a.b in c: pass
for a[0] in c: pass
try:¶    x¶finally:¶    y
try:¶    x¶except:¶    y
try:¶    x¶except (A, B) as e:¶    y¶else:¶    z¶finally:¶    w
with a: pass
with a as b, c as d: pass
with (a as b, c as d,): pass
with a as (b, c): pass
def f(): pass
def f(a, b=1, *c, d, e=2, **g): pass
def f(a, /, b, *, c): pass
def f(a: int = 1, *b: str) -> int:¶    return a
def f(*, a): pass
def f(a=(1, 2),): pass
async def f():¶    async for x in y:¶        pass¶    async with a as b:¶        await c
@a¶def f(): pass
@a.b(c)¶@d¶class E: pass
class A: pass
class A(): x = 1
class A(B, metaclass=C, *d, **e): pass
class A:¶    def f(self):¶        return self.x¶¶    y = 2
lambda: 0
lambda x, *y, z=1, **w: x
x if y else z
not x
not not x
x and y or not z
x < y <= z != w
x is not y
x not in y
x in y in z
-x ** -y
+-~x
x ** y ** z
x @ y
x << 1 | y >> 2 & z ^ w
x if y else z if w else v
(x)
()
(x,)
x,
[]
[x, *y]
{}
{x: y}
{x: y, **z}
{x, *y}
[x for x in y]
[x for x in y if z if w]
[x for x in y for z in w]
[[x for x in y] for z in w]
{x: y for x, y in z}
{x for x in y}
(x for x in y)
f(x for x in y)
f(*a, **b)
f(a, b=c)
f(a, *b, c, d=e, **g)
f(a)(b)[c].d
f(x := 1)
(x := 1)
[y := 1, y ** 2]
if (n := len(a)) > 10: pass
a[b:c]
a[b:]
a[:b]
a[::]
a[b, c:d, ...]
a[()]
...
None
True
x = None
print
print(x)
print(x, end='')
'a'
"a"
'a' "b"
'''a¶b'''
r'\d'
b'a'
rb'\x'
u'a'
'\n\t\x41\u0041'
'a\\'
'\''
f'a'
f'{x}'
f'{x!r}'
f'{x:>10}'
f'{x:{y}}'
f'{{x}}'
f'{x=}'
f'{a["b"]}'
0
1_000
0xff
0b1_0
0o17
1.5
1.
.5
1e10
1.5e-3
3j
1 .real
1..real
x = (¶    1¶)
x = [¶1,¶2,¶]
x = \¶    1
# a comment
x  # a comment
¶¶x
x¶¶¶
if x:¶→y¶→z
if x:¶    y¶  # a comment¶z
def f():¶    '''a'''
if x:¶    if y:¶        z¶w
é = 1
match = 1
match(x)
case = match
type = 1
_ = __name__
""".splitlines()[1:]

WRONG = r"""
x =
= x
x = = 1
x == 
1 = x
f() = x
x + 1 = 2
None = 1
True = 0
(x + y) = 1
'a' = b
x += y = z
(a, b) += 1
f() += 1
del f()
del 1
x y
x 1
1 x
return = 1
if = 1
class = 2
if x
if x:
if x:¶y
if x y: z
else: x
elif x: y
for x y: pass
for x in: pass
for in y: pass
for 1 in x: pass
for f() in x: pass
while: x
while x pass
try: x
try:¶    x¶except¶    y
except: x
finally: x
with: pass
with a as 1: pass
with a as f(): pass
def f: pass
def f(: pass
def f(): 
def (): pass
def 1(): pass
def f(a b): pass
def f(a=1, b): pass
def f(*): pass
def f(**a, b): pass
def f(*a, *b): pass
def f(a, *, **b): pass
def f(1): pass
def f(a.b): pass
class: pass
class A
class 1: pass
class A(: pass
@¶def f(): pass
@a
@a¶x = 1
async x
async if x: pass
import
import a.
import a as
from a import
from import a
from a import b,
from a import (b
from . import
import *
lambda
lambda x
lambda x: 
lambda x y: z
x if y
x if y else
not
x not
x and
or x
x is
x <> y
x = not
**x
x ** 
x +
x + * y
(
)
(x
x)
[x
x]
{x
{x: }
{x: y, z}
{x, y: z}
{: x}
(x]
[x for]
[x for x]
[x for x in]
[for x in y]
[x in y for]
{x: y for}
(,)
[,]
[x,,y]
f(x,,y)
f(,x)
f(a=1, b)
f(**a, *b)
f(**a, b)
f(a b)
f(1=2)
f(a.b=c)
f(x for x in y, z)
x := 1
x = y := 1
f(a := 1 := 2)
a[
a[]
a[b:c:d:e]
a[b
a.
.a
a..b
a.1
1.a
'a
"a
'a"
'''a
'a¶b'
b'é'
'\x'
'\u12'
'\U0011'
'\N{no such name}'
f'{'
f'{}'
f'}'
f'{x'
f'{x!}'
f'{x!z}'
f'{x y}'
0777
1__0
1_
0x
0xg
0b2
0o8
1e
1e+
1a
1.2.3
$
?
x ?
x $ y
x ! y
!x
`x`
x = \\
x \\ y
 x
x¶  y
if x:¶    y¶  z
if x:¶        y¶    z
if x:¶→y¶        z
pass x
break 1
continue x
global
global 1
nonlocal
raise from x
raise x from
assert
return return
yield = 1
await
print x
exec 'x'
x++
x--y--
++
x = 5 5
def f():¶return x
def f():¶    return x¶   y
match x: y
match x:¶    y
while True print(x)
for i in range(10) print(i)
if x > 0 print(x)
x = [1, 2
x = {'a': 1
print('hello'
print("hello)
def f(x) return x
def add(a, b)¶    return a
else:
elif x:
a = b c = d
{x for}
x[1:2
"\x0g"
yield , x
yield is x
""".splitlines()[1:]

# Right and wrong ones of which the parser is known to say something else.
PARTING = [("f(a=1, a=2)", True), ("f((x) = a)", False), ("try:\n    a\nelse:\n    b\nfinally:\n    c", False)]

# Where versions of Python part: f-strings (3.12), `match` (3.10), exceptions without brackets (3.14), types (3.12), t-strings (3.14).
VERSIONS = re.compile(r"[ft]['\"]|match|case|except|type", re.IGNORECASE)
SIGNS = "()[]{}:,.=+-*/ \n'\"#abc019_@!%<>;"


def is_program(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def changed(generator, text):
    """The text with one to three of its characters taken out, replaced or put in between."""
    signs = list(text)
    for _ in range(generator.randint(1, 3)):
        at = generator.randrange(len(signs) + 1)
        sign = generator.choice(SIGNS)
        signs[at:at + generator.randint(0, 1)] = generator.choice([[], [sign], [sign]])
    return "".join(signs)


def texts():
    right, wrong = ([line.replace("¶", "\n").replace("→", "\t") for line in lines] for lines in (RIGHT, WRONG))
    for text, expected in [(text, True) for text in right] + [(text, False) for text in wrong] + PARTING:
        if is_program(text) != expected:
            sys.exit(f"{text!r} stands in the wrong list")
    generator, all_of_them = random.Random(1), dict.fromkeys(right + wrong)
    sources = [text for text in right if len(text) > 4]
    while len(all_of_them) < len(right) + len(wrong) + CHANGED:
        text = changed(generator, generator.choice(sources))
        if not VERSIONS.search(text):
            all_of_them[text] = None
    return list(all_of_them) + [text for text, _ in PARTING]


def snippets():
    world = tomllib.loads(RECIPE.read_text())["world"]
    return world["strings"] + world["held_out"]


def verdicts(found):
    """What CPython says of the same texts and snippets."""
    broken_off = lambda snippet: "".join(str(int(is_program(snippet[:symbols]))) for symbols in range(1, len(snippet) + 1))
    return {
        "texts": [[text, is_program(text)] for text, _ in found["texts"]],
        "snippets": [[snippet, broken_off(snippet)] for snippet, _ in found["snippets"]],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    if not parser.parse_args().check:
        found = verdicts({"texts": [(text, None) for text in texts()], "snippets": [(snippet, None) for snippet in snippets()]})
        rows = lambda key: ",\n".join(json.dumps(row, ensure_ascii=False) for row in found[key])
        FILE.write_text("{" + ",\n".join(f'"{key}": [\n{rows(key)}\n]' for key in found) + "}\n")
        return
    stored = json.loads(FILE.read_text())
    moved = [(one, other) for key in stored for one, other in zip(stored[key], verdicts(stored)[key]) if one != other]
    if [snippet for snippet, _ in stored["snippets"]] != snippets():
        moved.append("the snippets are not those of the recipe")
    for difference in moved:
        print(difference)
    right = sum(verdict for _, verdict in stored["texts"])
    print(f"{len(stored['texts'])} texts, {right} of them programs; {len(stored['snippets'])} snippets")
    sys.exit(1 if moved or not 0 < right < len(stored["texts"]) else 0)


if __name__ == "__main__":
    main()
