/* The inner loops of CSS' lexer and printer.

   Each function here gives what the function of its name in Python gives, faster (see css_statements.py,
   css_space.py and minify/css.py, which are the ones to read first, and to change first); or it leaves to
   Python what is not quite ordinary. tests/test_native_css.py holds the two together. */

#include "_text.h"

#include <string.h>

/* ---- characters */

enum {
    BLANK = 1, /* white space */
    LINE_END = 2,
    WORD = 4,    /* in a name or a number */
    HEX = 8,     /* a hexadecimal digit */
    IN_URL = 16, /* in url() without quotes */
    PLAIN = 32,  /* anything else that needs no closer look when a statement is printed */
};

static unsigned short class_of[128];

static void
fill_classes(void)
{
    classify(class_of, " \t\n\r\f", BLANK);
    classify(class_of, "\n\r\f", LINE_END);
    classify(class_of, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", WORD);
    classify(class_of, "0123456789abcdefABCDEF", HEX);
    classify(class_of, ".:,>~+*%!@&^$|=?;{}/#", PLAIN);
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

/* Each of these is given the place of a part's first character and returns where the part ends, or -1 where
   it is not closed or not ordinary. */

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
        bool is_dropped = reads(text, i, "/*") && at(text, i + 2) != '!';
        Py_ssize_t end = is_dropped ? end_of_comment(text, i) : -1;
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

/* ---- joined: one statement */

/* What is printed, in characters of the text's width. */
typedef struct {
    int kind;
    void *characters;
    Py_ssize_t length, room;
    Py_ssize_t spare; /* how many semicolons at its end would mean nothing before a "}" */
} Output;

typedef struct {
    Text statement;
    bool is_prelude; /* of a style rule: it ends in "{" */
    Brackets open;
    bool is_verbatim; /* the value stays as it was written */
    Py_UCS4 left;     /* the last character, "\\" for any escape */
    Output *out;      /* has room for all of the statement */
} Printer;

static inline void
put(Output *out, Py_UCS4 character)
{
    PyUnicode_WRITE(out->kind, out->characters, out->length++, character);
}

static inline void
put_all(Output *out, const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    while (start < end) {
        put(out, at(text, start++));
    }
}

/* Functions that are replaced before a value is parsed: css.SUBSTITUTES. */
static const char *const SUBSTITUTES[] = {"attr",    "env",         "expression", "if",
                                          "inherit", "random-item", "toggle",     "var"};

/* How much of the name that ends at i is the name of a substitute: that many characters, or 0. */
static Py_ssize_t
substitute(const Text *text, Py_ssize_t i)
{
    for (size_t n = 0; n < sizeof SUBSTITUTES / sizeof *SUBSTITUTES; n++) {
        Py_ssize_t length = (Py_ssize_t)strlen(SUBSTITUTES[n]);
        if (i >= length && reads(text, i - length, SUBSTITUTES[n])) {
            return length;
        }
    }
    return 0;
}

static bool
has_hyphens(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    for (; start + 1 < end; start++) {
        if (at(text, start) == '-' && at(text, start + 1) == '-') {
            return true;
        }
    }
    return false;
}

/* Each of these is given the place of a token's first character and returns where the token ends, or -1. */

/* A word in a value tells whether its text can be read back. Python has two ways to find that out; where they
   might differ, it is to be asked. */
static Py_ssize_t
end_of_word(Printer *printer, Py_ssize_t start)
{
    const Text *text = &printer->statement;
    Py_ssize_t i = start;
    while (i < text->length && is(at(text, i), WORD)) {
        i++;
    }
    if (printer->is_prelude) {
        return i;
    }
    bool is_whole = start == 0 || (at(text, start - 1) != '#' && at(text, start - 1) != '@');
    Py_ssize_t name = at(text, i) == '(' ? substitute(text, i) : 0;
    if (name || has_hyphens(text, start, i)) {
        bool is_clear = name ? name == i - start : reads(text, start, "--") && at(text, i) != '>';
        if (!is_clear || !is_whole) {
            return -1;
        }
        printer->is_verbatim = true;
    }
    return reads(text, i - 6, "progid") ? -1 : i;
}

static Py_ssize_t
end_of_token(Printer *printer, Py_ssize_t i)
{
    const Text *text = &printer->statement;
    Py_UCS4 character = at(text, i);
    Py_ssize_t end;
    switch (character) {
    case '"':
    case '\'':
        end = end_of_string(text, i);
        return has_hyphens(text, i, end) ? -1 : end;
    case '\\':
        return printer->is_prelude ? end_of_escape(text, i) : -1;
    case '(':
        if (opens_url(text, i)) {
            end = end_of_url(text, i);
            bool is_padded = is(at(text, i + 1), BLANK) || is(at(text, end - 2), BLANK);
            return is_padded || has_hyphens(text, i, end) ? -1 : end;
        }
        /* fall through */
    case '[':
    case ')':
    case ']':
        return nests(&printer->open, character) ? i + 1 : -1;
    case '{':
    case '}':
    case ';':
        return i == text->length - 1 ? i + 1 : -1;
    case '/':
        return at(text, i + 1) == '*' ? -1 : i + 1;
    default:
        if (is(character, WORD)) {
            return end_of_word(printer, i);
        }
        return is(character, PLAIN) ? i + 1 : -1;
    }
}

static inline bool
is_one_of(Py_UCS4 character, const char *characters)
{
    return character && character < 128 && strchr(characters, (int)character) != NULL;
}

/* Whether white space means nothing before *right*, which the token there begins with. */
static bool
is_loose(const Printer *printer, Py_UCS4 right)
{
    if (printer->is_prelude) {
        return is_one_of(printer->left, "(,>~+") || is_one_of(right, "),>~+{");
    }
    return is_one_of(printer->left, "(,!") || is_one_of(right, "),!;}");
}

/* Whether the token at i would join the characters before it in a prelude, or is an error there. */
static bool
is_crowded(const Printer *printer, Py_ssize_t i)
{
    Py_UCS4 left = printer->left, right = at(&printer->statement, i), next = at(&printer->statement, i + 1);
    if (left == '+' && printer->open.depth == 0) {
        Py_UCS4 first = right == '.' ? next : right;
        if ('0' <= first && first <= '9') {
            return true;
        }
    }
    return (is_one_of(right, ">~+") && is_one_of(left, ">~+")) || (right == '+' && is_one_of(left, "(,")) ||
           (right == '>' && left == '-');
}

/* Prints from i on; whether it could. */
static bool
print(Printer *printer, Py_ssize_t i)
{
    const Text *text = &printer->statement;
    const Brackets *open = &printer->open;
    bool gap = false;
    while (i < text->length) {
        Py_UCS4 character = at(text, i);
        if (is(character, BLANK)) {
            gap = true;
            i++;
            continue;
        }
        bool in_attribute = printer->is_prelude && open->depth && open->closers[open->depth - 1] == ']';
        Py_ssize_t end = end_of_token(printer, i);
        if (end < 0 || (gap && in_attribute) || (printer->is_prelude && is_crowded(printer, i))) {
            return false;
        }
        if (gap && !is_loose(printer, character)) {
            put(printer->out, ' ');
        }
        gap = false;
        put_all(printer->out, text, i, end);
        printer->left = character == '\\' ? character : at(text, end - 1);
        i = end;
    }
    bool is_ended = printer->left == at(text, text->length - 1); /* not by an escape */
    return is_ended && open->depth == 0;
}

/* The value that begins at i, without white space around it. */
static void
put_verbatim(Printer *printer, Py_ssize_t i)
{
    const Text *text = &printer->statement;
    Py_ssize_t end = text->length - 1;
    while (end > i && is(at(text, end - 1), BLANK)) {
        end--;
    }
    put_all(printer->out, text, i, end);
    if (i == end) {
        put(printer->out, ' ');
    }
    put(printer->out, at(text, text->length - 1));
}

static bool
print_declaration(Printer *printer)
{
    const Text *text = &printer->statement;
    Py_ssize_t start = at(text, 0) == '*'; /* a hack for old browsers */
    Py_ssize_t end = is(at(text, start), WORD) ? end_of_word(printer, start) : -1;
    if (end < 0 || reads(text, start, "result") || reads(text, start, "initial-value")) { /* css.KEPT_NAMES */
        return false;
    }
    Py_ssize_t i = after_blanks(text, end);
    if (at(text, i) != ':') {
        return false;
    }
    put_all(printer->out, text, 0, end);
    put(printer->out, ':');
    i = after_blanks(text, i + 1);
    Py_ssize_t before = printer->out->length;
    printer->left = ':';
    if (!print(printer, i)) {
        return false;
    }
    if (printer->is_verbatim) {
        printer->out->length = before;
        put_verbatim(printer, i);
    }
    return true;
}

static bool
has_gap(const Text *text)
{
    for (Py_ssize_t i = 0; i < text->length; i++) {
        if (is(at(text, i), BLANK) || (at(text, i) == '/' && at(text, i + 1) == '*')) {
            return true;
        }
    }
    return false;
}

/* Prints a statement; whether it is ordinary. */
static bool
squeeze(const Text *statement, Output *out)
{
    if (!has_gap(statement)) {
        put_all(out, statement, 0, statement->length);
        return true;
    }
    Py_UCS4 last = at(statement, statement->length - 1);
    Py_ssize_t before = out->length;
    Printer printer = {.statement = *statement, .is_prelude = last == '{', .out = out};
    if (at(statement, 0) != '@' && is_one_of(last, "{};") &&
        (printer.is_prelude ? print(&printer, 0) : print_declaration(&printer))) {
        return true;
    }
    out->length = before;
    return false;
}

/* ---- joined: all of them */

static bool
make_room(Output *out, Py_ssize_t more)
{
    if (more <= out->room - out->length) {
        return true;
    }
    Py_ssize_t room = out->room * 2 + more;
    void *larger = PyMem_Realloc(out->characters, room * out->kind);
    if (larger == NULL) {
        PyErr_NoMemory();
        return false;
    }
    out->characters = larger;
    out->room = room;
    return true;
}

/* Takes over what Python printed, which is NULL after an error. */
static bool
take(Output *out, PyObject *piece)
{
    bool is_text = piece != NULL && PyUnicode_Check(piece) && (int)PyUnicode_KIND(piece) <= out->kind;
    if (piece != NULL && !is_text) {
        PyErr_SetString(PyExc_TypeError, "joined: a statement must become text, of its own characters");
    }
    bool is_taken = is_text && make_room(out, PyUnicode_GET_LENGTH(piece));
    if (is_taken) {
        Text text = text_of(piece);
        put_all(out, &text, 0, text.length);
    }
    Py_XDECREF(piece);
    return is_taken;
}

static bool
add(Output *out, PyObject *string, PyObject *statement, PyObject *print_one)
{
    Text text = text_of(string);
    Py_ssize_t start, end, depth;
    if (!PyArg_ParseTuple(statement, "nnn", &start, &end, &depth)) {
        return false;
    }
    if (start < 0 || start >= end || end > text.length) {
        PyErr_SetString(PyExc_ValueError, "joined: there is no such statement");
        return false;
    }
    Text own = {text.kind, (const char *)text.data + start * text.kind, end - start};
    if (depth && own.length == 1 && at(&own, 0) == '}') {
        out->length -= out->spare;
    }
    Py_ssize_t before = out->length;
    if (!make_room(out, own.length)) {
        return false;
    }
    if ((end == text.length || !squeeze(&own, out)) &&
        !take(out, PyObject_CallFunction(print_one, "nn", start, end))) {
        return false;
    }
    Text piece = {out->kind, (char *)out->characters + before * out->kind, out->length - before};
    bool is_ended = at(&piece, piece.length - 1) == ';', is_alone = piece.length == 1;
    out->spare = !is_ended ? 0 : is_alone ? out->spare + 1 : at(&piece, 0) != '@';
    return true;
}

static PyObject *
joined(PyObject *module, PyObject *args)
{
    PyObject *string, *found, *print_one, *result = NULL;
    if (!PyArg_ParseTuple(args, "UO!O:joined", &string, &PyList_Type, &found, &print_one)) {
        return NULL;
    }
    Output out = {.kind = PyUnicode_KIND(string)};
    bool is_done = make_room(&out, PyUnicode_GET_LENGTH(string));
    for (Py_ssize_t n = 0; is_done && n < PyList_GET_SIZE(found); n++) {
        is_done = add(&out, string, PyList_GET_ITEM(found, n), print_one);
    }
    if (is_done) {
        result = PyUnicode_FromKindAndData(out.kind, out.characters, out.length);
    }
    PyMem_Free(out.characters);
    return result;
}

/* ---- the module */

static PyMethodDef functions[] = {
    {"divide", divide, METH_VARARGS, NULL},
    {"joined", joined, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_css", .m_size = 0,
                                        .m_methods = functions};

PyMODINIT_FUNC
PyInit__css(void)
{
    fill_classes();
    return PyModuleDef_Init(&definition);
}
