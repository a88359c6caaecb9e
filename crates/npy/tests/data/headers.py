"""Asks NumPy which headers of .npy files it loads, and as what.

    python headers.py > headers.json                  the list beside this file, which the tests read
    python headers.py --agree headers.json > 2.json   the same, without the entries in which another NumPy or Python differs
    python headers.py --random SEED COUNT > 3.json    COUNT headers, each changed at random in a few places
    CROSSLANE_HEADERS=3.json cargo test -p crosslane-npy --test headers

"types": what it takes each spelling of 'descr' for. "headers": [version, header, answer]; the characters of a header are Latin-1
in versions 1 and 2, UTF-8 in version 3. An answer is "<f4 C 2,3" (type, order of the elements in the file, shape), for records of
three equal fields "<f4 C 2 x,y,z 0,4,8,12" (their names, the bytes before each and in all), or "refused" (no array, or one of other
types). The list is what NumPy 2.4 under Python 3.11, 3.12 and 3.13 agree about.
"""

import json
import os
import random
import re
import struct
import sys
import tempfile
import warnings
from functools import partial

import numpy as np

warnings.simplefilter("ignore")
sys.stderr = open(os.devnull, "w")  # the tokenizer of Python warns there
DATA = bytes(range(1, 200))
FILE = os.path.join(tempfile.mkdtemp(), "a.npy")


def answer(version, header):
    """What np.load makes of a file with this header."""
    text = header.encode("utf-8" if version == 3 else "latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    with open(FILE, "wb") as file:
        file.write(b"\x93NUMPY" + bytes([version, 0]) + length + text + DATA)
    try:
        array = np.load(FILE)
    except Exception:  # whatever NumPy raises, it does not load the file
        return "refused"
    types = [array.dtype[name] for name in array.dtype.names or ()] or [array.dtype]
    if not all(dtype == types[0] for dtype in types) or len(types) not in (1, 3) or (len(types) == 1) != (array.dtype.names is None):
        return "refused"
    if types[0].kind not in "iuf" or types[0].itemsize > 8:
        return "refused"
    name = ("<" if types[0].newbyteorder("<") == types[0] else ">") + types[0].str[1:]
    elements = np.frombuffer(DATA, array.dtype, array.size)
    orders = [order for order in "CF" if all(part(array, k).tobytes(order) == part(elements, k).tobytes() for k in range(len(types)))]
    shape = ",".join(map(str, array.shape))
    offsets = [array.dtype.fields[field][1] for field in array.dtype.names or ()] + [array.dtype.itemsize]
    record = f" {','.join(array.dtype.names)} {','.join(map(str, offsets))}" if array.dtype.names else ""
    return f"{name} {orders[0]} {shape}{record}"


def part(array, k):
    """Field k of records; numbers as they are."""
    return array[array.dtype.names[k]] if array.dtype.names else array


def header(descr="'<f4'", fortran="False", shape="(2, 3)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def spellings():
    """Names of types: every one that NumPy knows, every character, every kind with every size, after every byte order."""
    names = {str(name) for name in np.sctypeDict} | {chr(code) for code in range(128)}
    names |= {"Float32", "Float64", "float_", "float4", "float8", "half", "longdouble", "real", "FLOAT32", "SINGLE", "f4f", "ff"}
    sizes = ["00", "01", "04", "08", "004", "0x4", "4.0", "4L", "4_0", "+4", "-4", " 4", "\t8", "\v4", "\n8", " +8", "+ 4", "4 ", "8\n"]
    sizes += ["4294967300", "4294967304", "8589934596", "-4294967292", "18446744073709551620", "9223372036854775812", "9" * 30]
    sizes += [str(size) for size in range(18)] + ["32", "44", "48", "84", "128"]
    names |= {kind + size for kind in "fdegFDabciu" for size in sizes}
    orders = ["", "<", ">", "=", "|", "!", "@", "<<", "<>", "|<", " ", "< ", "N", "S"]
    yield from (order + name for order in orders for name in sorted(names))
    common = ["f4", "f8", "f", "d", "float32", "double", "<f4", ">f8", "=f8", "|f4"]
    yield from (before + name + after for name in common for before in ["", " ", "\t", "\n"] for after in ["", " ", "\t", "\n", ",", ", ", ",f4", ";"])
    repeats = ["1", "2", "0", "01", "(1)", "(1,)", "(2,)", "()", "(1,1)", "(1, 1)", "( 1 ,)", "1 ", " 1", "1,", "1,1", "(3,)", "(0,)", "(", ")", "(1", "1)"]
    yield from (order + repeat + name for name in common for repeat in repeats for order in ["", "<", ">", "=", "|", "<1"])


def descriptions():
    """Types that are no plain string."""
    strings = ["u'<f4'", "U'<f4'", "r'<f4'", "R'>f8'", "b'<f4'", "ur'<f4'", "f'<f4'", "F'<f4'", "rb'<f4'", '"<f4"', "'''<f4'''", '"""<f8"""']
    strings += ["'<' 'f4'", "'<f' u'4'", "'<f'b'4'", "'<''f''4'", "('<f4')", "(('<f4'))", "'<\\x664'", "'<\\u00664'", "'\\74f4'", "'<f\\N{DIGIT FOUR}'"]
    strings += ["'<f\\\n4'", "'''<f\n4'''", "'<f4\\0'", "'<f4\\n'", "r'<\\x664'", "'\\<f4'", "'\\d'", "'<f\\x4'", "'<f\\U00000034'", "'<f\\U00110034'", "'\\ud800f4'"]
    strings += ["'<f4' + ''", "'%s' % 'f4'", "'<f4'.lower()", "'<f4", "<f4", "float", "'\u00e9'", "'<f4\u00e9'", "'<f4'*1", "'<f4''", "''", "'\\08'", "'\\x66\\64'"]
    strings += ["'<f4' if True else 0", "'<f4' or 1", "lambda: 0", "'<f4'[0:]", "'<f4',", "'<f4' # text", "'<f4' '", "''''''", "''''<f4'''", "'\\\\f4'", "'\\'f4'", "'\\af4'"]
    yield from strings
    bases = ["'<f4'", "'>f8'", "'f'", "'<i4'", "'<f2'", "[('x', '<f4')]"]
    shapes = ["()", "1", "(1,)", "(1, 1)", "2", "(2,)", "(3,)", "0", "(0,)", "True", "False", "None", "[]", "[1]", "[1, 1]", "''", "'f4'", "'<f4'", "'>f4'", "'i4'", "'i8'", "'f8'"]
    shapes += ["-1", "1.0", "(1.0,)", "((1,),)", "{}", "(), 1", "(1,), 5", "", "(True,)", "[True]", "+1", "b''", "b'\\x01'", "'V'", "'V4'", "'S'", "{1}", "(1, (1,))"]
    yield from (f"({base}, {shape})" for base in bases for shape in shapes)
    yield from ["()", "('<f4',)", "(('<f4', ()), ())", "((('<f4', 1), (1,)), [])", "(['<f4'], ())", "('<f4', ()), ()", "('', ())", "(1, ())", "('<f4' ())", "('<f4', () ())"]
    yield from ["[]", "['<f4']", "['', '<f4']", "[('', '<f4')]", "[('x', '<f4')]", "[('x', '<f4', (1,))]", "[('x', '<f4'), ('y', '<f4')]", "{}", "{'x': '<f4'}", "{'f4'}", "set()"]
    yield from records()
    yield from ["None", "True", "False", "1", "4", "1.5", "1j", "-1", "...", "Ellipsis", "NotImplemented", "[[]]", "[()]", "('f4' 'f4', ())"]


def records():
    """Lists of fields: as numpy.save writes them, and changed in one place."""
    plain = "[('x', '<f4'), ('y', '<f4'), ('z', '<f4')]"
    yield from [plain.replace("<f4", code) for code in ["|i1", "<i2", ">i4", "<i8", "|u1", ">u2", "<u4", "<u8", "<f2", ">f4", "<f8", "f", "float64", "|b1", "<c8", "|S3", "|V4", ""]]
    yield from [plain.replace("'x'", name) for name in ["'px'", "'\u00e9'", "'a b'", "'y'", "\"it's\"", "'a\\\\b'", "'('", "u'x'", "1", "None"]]
    yield from [plain.replace("'<f4'", code, 1) for code in ["'>f4'", "'<f8'", "'<i4'", "'<f4', 2", "'<f4', (2,)", "[('q', '<f4')]"]]
    pads = ["('', '|V4')", "('', '|V1')", "('', '|V13')", "('', '|V0')", "('pad', '|V4')", "('w', '<f4')", "('', 'V4')", "('', '<V2')", "('', '|V')", "('', '|V99999999999')"]
    for pad in pads:
        yield from [plain.replace("[", f"[{pad}, "), plain.replace("]", f", {pad}]"), plain.replace("('y'", f"{pad}, ('y'"), plain.replace(", ('z'", f", {pad}, {pad}, ('z'")]
    yield from [plain.replace("]", ", ]"), plain[1:-1], f"({plain[1:-1]})", plain.replace(", ('z', '<f4')", ""), "[" + plain + "]", plain.replace("('x', '<f4')", "['x', '<f4']"), plain.replace("('x', '<f4')", "('x',)"), plain.replace("('x', '<f4')", "'<f4'")]


def lengths():
    """Shapes."""
    numbers = ["2", "02", "00", "0", "2_0", "0_0", "2__0", "2_", "_2", "0x2", "0X2", "0x_2", "0x", "0x2_", "0o2", "0O_2", "0o8", "0b10", "0B1_0", "0b2", "+2", "-2", "- 2", "+ 2"]
    numbers += ["+-2", "++2", "--2", "~2", "-0", "(2)", "((2))", "+(2)", "-(-2)", "(+2)", "-(0)", "True", "False", "+True", "None", "2.0", "2e0", "2j", "2+0j", "1+1", "1 + 1", "2-0", "0 - 2"]
    numbers += ["2L", "2 L", "2l", "2LL", "2L L", "2 L L", "0x2L", "0o2L", "0b10L", "02L", "2.0L", "2_0L", "2\tL", "2\fL", "2\nL", "2\\\nL", "2#\nL", "0L", "-2L", "+2L", "(2L)", "(2)L", "2Lx", "L2", "L", "2 2", "'2'", "2uL"]
    numbers += ["2if 1 else 0", "2and 2", "2or 2", "2in (2,)", "2is 2", "0x2for", "1_000_000_000_000_000_000_000", "9223372036854775807", "9223372036854775808", "18446744073709551618", "2\\\n", "\\\n2", "2\\ \n", "2 # comment\n", "[2]", "(2,)", "{2}"]
    yield from (f"({number}, 3)" for number in numbers)
    yield from (f"(3, {number})" for number in numbers)
    yield from ["(2, 3)", "(2, 3,)", "(2, 3, )", "2, 3", "(2 3)", "(2,, 3)", "(, 2)", "(,)", "()", "( )", "(3,)", "(3)", "3", "3,", "[2, 3]", "{2, 3}", "(2; 3)", "(*(2, 3),)", "(2, 3) + ()", "tuple()"]
    yield from ["((2, 3))", "(((2, 3)))", "((2), (3))", "((2, 3),)", "(2, 3", "2, 3)", "(2, 3]", "(2L, 3L)", "(2L,3L,)", "(6L,)", "(1L, 2L, 3L)", "(3L)", "3L", "L", "(2, 3)L", "None", "''", "'(2, 3)'"]
    yield from ["(1, 2, 3)", "(2, 1, 3, 1)", "(0, 3)", "(3, 0)", "(0, -1)", "(-1, 3)", "(3, -1)", "(-1,)", "(-1, -1, 3)", "(0, 9223372036854775807)", "(0, 4294967296, 4294967296)", "(4294967296, 4294967296, 3)"]
    yield from [f"({'1, ' * ones}3)" for ones in (30, 31, 32, 33, 62, 63, 64, 65)] + [f"({'1L, ' * 40}3)"]
    yield from ["True, ", "(True,)", "(True, 3)", "(False, 3)", "(3, True)", "(True, True, True)"]


def headers():
    """Whole headers."""
    plain = header()
    white = [" ", "\t", "\f", "\v", "\r", "\n", "\r\n", "\n\n", "\n ", "\n\t", "\0", "\x1a", "\u00a0", "\u0085", "#", "# comment", "#\n", "\n#", " \n ", "\n  \n", "\n  #", "\\", "\\\n", "\\\n\n", "\\\r\n", "\\ \n", ";", ",", "\n;", "}", "'"]
    white += [" # \u00e9", "\n# -*- coding: utf-16 -*-\n", "# coding: ascii \u00e9\n", " \\\n ", "\f\n", "\n\f", "\t\n\t#\t", " " * 70 + "\n"]
    for text in (plain, header(shape="(2L, 3L)")):
        for space in white:
            yield space + text
            yield text + space
            for sign in ["{", "'descr'", ":", "'<f4'", ",", "(", "2", "3", ")"]:
                yield text.replace(sign, sign + space, 1)
    yield from [plain.replace("'", '"'), plain.replace("'", "'''"), plain.replace("'descr'", "u'descr'"), plain.replace(": '", ": u'"), plain.replace("'descr'", "b'descr'"), plain.replace("'descr'", "'de' 'scr'")]
    yield from [plain.replace("'descr'", "('descr')"), plain.replace("'descr'", "r'descr'"), plain.replace("'descr'", "f'descr'"), plain.replace("'descr'", "'\\x64escr'"), plain.replace("'descr'", "descr")]
    yield from [plain.replace(" ", ""), plain.replace(" ", "\n"), plain.replace(", }", "}"), plain.replace(", }", ",,}"), plain.replace(":", "="), plain.replace(",", ";"), plain.replace("{", "{,"), plain[:-1], plain + plain, plain[1:]]
    yield from [f"({plain})", f"(({plain}))", f"({plain},)", f"[{plain}]", f"{plain},", f"({plain}", f"{plain})", f"-{plain}", f"{plain}[0]", f"dict({plain})", f"{{**{plain}}}", f"{plain} | {{}}", f"{plain} if 1 else 0", f"(\n{plain}\n)\n"]
    yield from ["(" * depth + plain + ")" * depth for depth in (3, 10, 20, 40, 300)]
    yield from ["", " ", "\n", "{}", "{", "}", "()", "[]", "1", "''", "None", "#", "{{}}", "{:}", "{,}", "{'descr'}", "{'descr': }", "{'descr' '<f4'}", "{1: 2}"]
    values = {"'descr'": "'<f4'", "'fortran_order'": "False", "'shape'": "(2, 3)"}
    keys = list(values)
    for order in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
        yield "{" + ", ".join(f"{keys[k]}: {values[keys[k]]}" for k in order) + "}"
    for key in keys:
        yield "{" + ", ".join(f"{k}: {values[k]}" for k in keys if k != key) + "}"
        for extra in ["'<f8'", "True", "(3, 2)", "None", "[]", "1", "{}", "{1: 2}", "(1, [2, {3}])", "b''"]:
            yield plain.replace("{", "{" + f"{key}: {extra}, ")
            yield plain.replace("}", f"{key}: {extra}" + "}")
    for extra in ["'x': 1", "1: 2", "b'descr': '<f4'", "'Descr': '<f4'", "'descr ': '<f4'", "None: None", "(): ()", "(1,): 1", "[]: 1", "{}: 1", "{1}: 1", "([],): 1", "'': ''", "**{}", "-1: 1", "1.5: 1", "...: 1"]:
        yield plain.replace("{", "{" + extra + ", ")
        yield plain.replace("}", extra + "}")
    for fortran in ["True", "False", "1", "0", "None", "true", "false", "'True'", "not True", "(True)", "((False))", "True,", "(True,)", "+True", "-False", "True or 1", "True#\n", "T", "Truee", "True L", "TrueL", "bool()", "Tr\\\nue", "\uff34rue"]:
        yield header(fortran=fortran)
        yield header(fortran=fortran, shape="(2L, 3L)")
    yield from ["# \u20ac \U0001f40d\n" + plain, "\ufeff" + plain, plain + "\ufeff"]


def all_headers():
    for version in (1, 2, 3):
        yield from ((version, header(shape=shape)) for shape in lengths())
        yield from ((version, header(fortran="True", shape=shape)) for shape in ["(2, 3)", "(3, 2)", "(2L, 3)", "(1, 6)", "(6,)", "()"])
        yield from ((version, text) for text in headers())
        yield from ((version, header(descr, fortran, shape)) for descr in records() for fortran, shape in [("False", "(4,)"), ("True", "(2, 3)"), ("False", "()")])


PIECES = ["(", ")", "{", "}", "[", "]", ",", ":", "'", '"', "'''", "\\", "\n", " ", "\t", "\f", "\r", "#", "L", "u", "r", "b", "+", "-", "_", "0", "0x", "0b", "0o", "1", "3", "f", "<", ">", "=", "|", "True", "False", "None", "'<f4'", "'>f8'", "2L", ".", "j", "e", "\\x66", "\\\n", "()", "''", ", 1", "*", "\u00e9", "\v", "\0", ";", "...", "b''"]


def changed(seed, count):
    """Headers from the list, each changed in a few places."""
    chance = random.Random(seed)
    entries = sorted({*all_headers(), *((1, header(descr)) for descr in descriptions())})
    entries = [entry for entry in entries if "L" in entry[1]] * 2 + entries
    for _ in range(count):
        version, text = chance.choice(entries)
        for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 5])):
            at = chance.randrange(len(text) + 1)
            to = min(len(text), at + chance.choice([0, 0, 0, 1, 1, 2, 5]))
            if chance.random() < 0.2:
                # Where something begins or ends, white space and brackets matter most.
                at = to = chance.choice([match.start() for match in re.finditer(r"\b|$", text)])
            text = text[:at] + chance.choice(PIECES + [""] * 8) + text[to:]
        if len(text) < 12_000:
            yield chance.choice([version, version, 1, 2, 3]), text


def rows(entries):
    """Entries with their answers; in versions 1 and 2 only those that can be in a file."""
    entries = dict.fromkeys((version, text) for version, text in entries if version == 3 or max(map(ord, text), default=0) < 256)
    return [[version, text, answer(version, text)] for version, text in entries]


def quoted(spelling):
    return "'" + spelling.replace("\n", "\\n") + "'"


def main():
    if sys.argv[1:2] == ["--random"]:
        types, found = {}, rows(changed(int(sys.argv[2]), int(sys.argv[3])))
    else:
        types = {descr: answer(1, header(descr)) for descr in [*map(quoted, spellings()), *descriptions()]}
        found = rows([*all_headers(), *changed(1, 1500)])
    if sys.argv[1:2] == ["--agree"]:
        with open(sys.argv[2], encoding="utf-8") as file:
            other = json.load(file)
        answers = {descr: answer for answer, descrs in other["types"].items() for descr in descrs}
        types = {descr: answer for descr, answer in types.items() if answers.get(descr) == answer}
        found = [row for row in found if row in other["headers"]]
    grouped = {}
    for descr, answer_ in types.items():
        grouped.setdefault(answer_, []).append(descr)
    dump = partial(json.dumps, ensure_ascii=False)
    print('{"types": {\n' + ",\n".join(f"{dump(answer_)}: {dump(descrs)}" for answer_, descrs in grouped.items()))
    print('}, "headers": [\n' + ",\n".join(map(dump, found)) + "\n]}")


main()
