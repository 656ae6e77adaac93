/* The inner loops of CSS' lexer and printer.

   Each function here gives what the function of its name in Python gives, faster (see css_statements.py, which
   is the one to read first, and to change first); or it stops where something is not quite ordinary, and leaves
   that to Python. tests/test_native_css.py holds the two together. */

#include "_text.h"

#include <stdbool.h>
#include <string.h>

/* ---- characters */

enum {
    BLANK = 1,     /* white space */
    LINE_END = 2,
    WORD = 4,      /* in a name or a number */
    HEX = 8,       /* a hexadecimal digit */
    IN_URL = 16,   /* in url() without quotes */
};

static unsigned char class_of[128];

static void
classify(const char *characters, int property)
{
    for (; *characters; characters++) {
        class_of[(unsigned char)*characters] |= property;
    }
}

static void
fill_classes(void)
{
    classify(" \t\n\r\f", BLANK);
    classify("\n\r\f", LINE_END);
    classify("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", WORD);
    classify("0123456789abcdefABCDEF", HEX);
    class_of[0] = WORD | IN_URL; /* read as U+FFFD */
    for (int code = 33; code < 127; code++) {
        class_of[code] |= strchr("\"'()\\", code) == NULL ? IN_URL : 0;
    }
}

static inline bool
is(Py_UCS4 character, int property)
{
    return (character < 128 ? class_of[character] : WORD | IN_URL) & property;
}

static inline Py_UCS4
lower(Py_UCS4 character)
{
    return 'A' <= character && character <= 'Z' ? character + 32 : character;
}

/* Whether the characters from start on are *word*, which is in lower case, in any case. */
static bool
reads(const Text *text, Py_ssize_t start, const char *word)
{
    for (; *word; word++, start++) {
        if (lower(at(text, start)) != (Py_UCS4)*word) {
            return false;
        }
    }
    return true;
}

/* ---- parts of a statement */

/* Each of these is given the place of a part's first character and returns where the part ends, or -1 where it
   is not closed or not ordinary. */

static Py_ssize_t
end_of_comment(const Text *text, Py_ssize_t i)
{
    for (i += 2; i + 1 < text->length; i++) {
        if (at(text, i) == '*' && at(text, i + 1) == '/') {
            return i + 2;
        }
    }
    return -1;
}

static Py_ssize_t
end_of_string(const Text *text, Py_ssize_t i)
{
    Py_UCS4 quote = at(text, i++);
    for (; i < text->length; i++) {
        Py_UCS4 character = at(text, i);
        if (character == quote) {
            return i + 1;
        }
        if (is(character, LINE_END)) {
            return -1;
        }
        if (character == '\\') {
            i++;
        }
    }
    return -1;
}

/* An escape that spells no letter of "url", swallows no white space and stands before no "url(". */
static Py_ssize_t
end_of_escape(const Text *text, Py_ssize_t i)
{
    Py_UCS4 code = 0;
    Py_ssize_t start = ++i;
    for (; i < start + 6 && i < text->length && is(at(text, i), HEX); i++) {
        Py_UCS4 digit = lower(at(text, i));
        code = code * 16 + (digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    if (i == start) {
        code = at(text, i++);
    }
    else if (is(at(text, i), BLANK)) {
        return -1;
    }
    code = lower(code);
    bool is_odd = code == 'u' || code == 'r' || code == 'l' || is(code, LINE_END) || reads(text, i, "url(");
    return is_odd || i > text->length ? -1 : i;
}

static Py_ssize_t
after_blanks(const Text *text, Py_ssize_t i)
{
    while (is(at(text, i), BLANK)) {
        i++;
    }
    return i;
}

/* Whether the bracket at i is that of a url() without quotes. */
static bool
opens_url(const Text *text, Py_ssize_t i)
{
    if (i < 3 || !reads(text, i - 3, "url(")) {
        return false;
    }
    Py_UCS4 before = at(text, i - 4), first = at(text, after_blanks(text, i + 1));
    bool is_part = i > 3 && (is(before, WORD) || before == '#' || before == '@');
    return !is_part && first != '"' && first != '\'';
}

/* Of its brackets. */
static Py_ssize_t
end_of_url(const Text *text, Py_ssize_t i)
{
    for (i = after_blanks(text, i + 1); i < text->length && is(at(text, i), IN_URL); i++) {
    }
    i = after_blanks(text, i);
    return at(text, i) == ')' ? i + 1 : -1;
}

enum { DEEPEST = 32 };

typedef struct {
    char closers[DEEPEST];
    int depth;
} Brackets;

/* Whether a bracket is well nested. */
static bool
nests(Brackets *open, Py_UCS4 bracket)
{
    if (bracket == ')' || bracket == ']') {
        return open->depth > 0 && open->closers[--open->depth] == (char)bracket;
    }
    if (open->depth == DEEPEST) {
        return false;
    }
    open->closers[open->depth++] = bracket == '(' ? ')' : ']';
    return true;
}

/* ---- divide */

/* Whether the statement, which ends in "{", might be a declaration: it begins with a name and a colon. */
static bool
may_be_declaration(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    Py_ssize_t i = start;
    while (i < end && is(at(text, i), WORD)) {
        i++;
    }
    Py_UCS4 next = at(text, after_blanks(text, i));
    return next == '\\' || (i > start && (next == ':' || next == '/'));
}

static Py_ssize_t
end_of_statement(const Text *text, Py_ssize_t i)
{
    Brackets open = {.depth = 0};
    while (0 <= i && i < text->length) {
        Py_UCS4 character = at(text, i);
        switch (character) {
        case '{':
        case '}':
        case ';':
            return open.depth ? -1 : i + 1;
        case '"':
        case '\'':
            i = end_of_string(text, i);
            break;
        case '\\':
            i = end_of_escape(text, i);
            break;
        case '/':
            i = at(text, i + 1) == '*' ? end_of_comment(text, i) : i + 1;
            break;
        case '<':
            i = reads(text, i, "<!--") ? -1 : i + 1;
            break;
        case '(':
            if (opens_url(text, i)) {
                i = end_of_url(text, i);
                break;
            }
            /* fall through */
        case ')':
        case '[':
        case ']':
            i = nests(&open, character) ? i + 1 : -1;
            break;
        default:
            i++;
        }
    }
    return open.depth ? -1 : i;
}

/* Where a statement begins, from i on. */
static Py_ssize_t
after_lead(const Text *text, Py_ssize_t i)
{
    for (;;) {
        i = after_blanks(text, i);
        if (!reads(text, i, "/*") || at(text, i + 2) == '!') {
            return i;
        }
        Py_ssize_t end = end_of_comment(text, i);
        if (end < 0) {
            return i;
        }
        i = end;
    }
}

static PyObject *
divide(PyObject *module, PyObject *args)
{
    PyObject *string, *found;
    Py_ssize_t i, depth;
    if (!PyArg_ParseTuple(args, "UnnO!:divide", &string, &i, &depth, &PyList_Type, &found)) {
        return NULL;
    }
    if (i < 0) {
        PyErr_SetString(PyExc_ValueError, "divide: no such place");
        return NULL;
    }
    Text text = text_of(string);
    while ((i = after_lead(&text, i)) < text.length) {
        if (reads(&text, i, "/*") || reads(&text, i, "-->")) {
            break;
        }
        Py_ssize_t end = end_of_statement(&text, i);
        if (end < 0) {
            break;
        }
        Py_UCS4 last = at(&text, end - 1);
        if (last == '{' && depth && may_be_declaration(&text, i, end)) {
            break;
        }
        if (append(found, Py_BuildValue("nnn", i, end, depth)) < 0) {
            return NULL;
        }
        depth += last == '{' ? 1 : last == '}' && depth ? -1 : 0;
        i = end;
    }
    return Py_BuildValue("nn", i, depth);
}

/* ---- the module */

static PyMethodDef functions[] = {
    {"divide", divide, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_css", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC
PyInit__css(void)
{
    fill_classes();
    return PyModuleDef_Init(&definition);
}
