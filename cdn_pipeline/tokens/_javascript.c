/* The inner loops of JavaScript's lexer and printer.

   Each function here gives what the function of its name in Python gives, faster (see javascript_scan.py,
   javascript_check.py and javascript_gaps.py, which are the ones to read first, and to change first); or it
   stops where something is not quite ordinary, and leaves that to Python. tests/test_native.py holds the two
   together. */

#include "_text.h"

#include <string.h>

/* ---- characters */

enum {
    WORD = 1,  /* in a name or a number; also "\", the mark of an escape in a name */
    BLANK = 2, /* white space, but no line end */
    LINE_END = 4,
    DIGIT = 8,
    CONTROL = 16,   /* not in JavaScript at all */
    OPERAND = 32,   /* an operand must follow */
    ENDS = 64,      /* may end a statement */
    BEGINS = 128,   /* may begin one */
    EQUALS = 256,   /* an operator that "=" makes another one */
    DOUBLES = 512,  /* an operator that can be doubled */
    MARK = 1024,    /* stands for a literal */
    LITERAL = 2048, /* may begin a literal, or is a brace, which may end or begin a hole in a template */
    ORDERED = 4096, /* a bracket, or what may not stand everywhere */
};

static unsigned short class_of[128];

static void
fill_classes(void)
{
    for (int code = 0; code < 32; code++) {
        class_of[code] = CONTROL;
    }
    class_of[127] = CONTROL;
    class_of['\n'] = class_of['\r'] = LINE_END;
    class_of['\t'] = class_of['\v'] = class_of['\f'] = class_of[' '] = BLANK;
    classify(class_of, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$\\", WORD | ENDS | BEGINS);
    classify(class_of, "0123456789", WORD | DIGIT | ENDS | BEGINS);
    classify(class_of, "([{,;:?=<>!~&|^%*/", OPERAND);
    classify(class_of, ")]}\"'`\x01", ENDS);
    classify(class_of, "{[(\"'`\x02+-!~#@*", BEGINS);
    classify(class_of, "+-*/%&|^<>=!?", EQUALS);
    classify(class_of, "+-*&|<>?", DOUBLES);
    classify(class_of, "\"'`\x01\x02\\", MARK);
    classify(class_of, "\"'`/\\{}", LITERAL);
    classify(class_of, "()[]{}#@-", ORDERED);
}

static inline int
class(Py_UCS4 character)
{
    if (character < 128) {
        return class_of[character];
    }
    if (character == 0x2028 || character == 0x2029) {
        return LINE_END;
    }
    if (character == 0xa0 || character == 0x1680 || (0x2000 <= character && character <= 0x200a) ||
        character == 0x202f || character == 0x205f || character == 0x3000 || character == 0xfeff) {
        return BLANK;
    }
    return WORD | ENDS | BEGINS;
}

static inline bool
is(Py_UCS4 character, int property)
{
    return class(character) & property;
}

/* ---- scan: literals */

/* Each of these is given the place of a literal's first character and returns where the literal ends, or -1
   where it is not closed or not ordinary. */

static Py_ssize_t
end_of_string(const Text *text, Py_ssize_t i)
{
    Py_UCS4 quote = at(text, i++);
    for (; i < text->length; i++) {
        Py_UCS4 character = at(text, i);
        if (character == quote) {
            return i + 1;
        }
        if (character == '\n' || character == '\r') {
            return -1;
        }
        if (character == '\\') {
            i++;
            if (at(text, i) == '\r' && at(text, i + 1) == '\n') {
                i++;
            }
        }
    }
    return -1;
}

static Py_ssize_t
end_of_comment(const Text *text, Py_ssize_t i, bool *has_lines)
{
    bool is_long = at(text, i + 1) == '*';
    for (i += 2; i < text->length; i++) {
        Py_UCS4 character = at(text, i);
        if (is_long && character == '*' && at(text, i + 1) == '/') {
            return i + 2;
        }
        if (is(character, LINE_END)) {
            if (!is_long) {
                return i;
            }
            *has_lines = true;
        }
    }
    return is_long ? -1 : i;
}

/* The part of a template from i on: up to its end, or up to a hole, its "$" included. */
static Py_ssize_t
end_of_part(const Text *text, Py_ssize_t i, bool *has_hole)
{
    for (; i < text->length; i++) {
        Py_UCS4 character = at(text, i);
        if (character == '`') {
            return i + 1;
        }
        if (character == '\\') {
            i++;
        }
        else if (character == '$' && at(text, i + 1) == '{') {
            *has_hole = true;
            return i + 1;
        }
    }
    return -1;
}

static Py_ssize_t
end_of_regex(const Text *text, Py_ssize_t i)
{
    bool in_set = false;
    for (i++;; i++) {
        Py_UCS4 character = at(text, i);
        if (character == '\\') {
            character = at(text, ++i);
        }
        else if (character == '[') {
            in_set = true;
        }
        else if (character == ']') {
            in_set = false;
        }
        else if (character == '/' && !in_set) {
            break;
        }
        if (i >= text->length || is(character, LINE_END)) {
            return -1;
        }
    }
    unsigned flags = 0;
    for (i++; is(at(text, i), WORD); i++) {
        const char *flag = at(text, i) < 128 ? strchr("dgimsuvy", (int)at(text, i)) : NULL;
        if (flag == NULL || flags & (1u << *flag % 32)) {
            return -1;
        }
        flags |= 1u << *flag % 32;
    }
    return i;
}

/* ---- scan: slashes */

typedef enum { DIVISION, REGEX, OPEN } Slash;

/* Words after which a slash is no division, or not always. */
static const char *const ODD_WORDS[] = {
    "await", "break",   "case",    "continue", "debugger",   "default", "delete", "do",
    "else",  "extends", "finally", "in",       "instanceof", "new",     "of",     "return",
    "throw", "try",     "typeof",  "void",     "yield",      NULL,
};

static bool
is_odd_word(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    for (const char *const *words = ODD_WORDS; *words != NULL; words++) {
        const char *word = *words;
        Py_ssize_t i = start;
        while (i < end && *word && at(text, i) == (Py_UCS4)*word) {
            i++, word++;
        }
        if (i == end && !*word) {
            return true;
        }
    }
    return false;
}

/* What the slash at i is, judged by the code from start on. */
static Slash
slash(const Text *text, Py_ssize_t start, Py_ssize_t i)
{
    bool newline = false;
    for (; i > start && is(at(text, i - 1), BLANK | LINE_END); i--) {
        newline |= is(at(text, i - 1), LINE_END);
    }
    if (i == start) {
        return OPEN;
    }
    Py_UCS4 last = at(text, i - 1);
    if (last == ']') {
        return DIVISION;
    }
    if (!is(last, WORD)) {
        return is(last, OPERAND) ? REGEX : OPEN;
    }
    Py_ssize_t end = i;
    for (; i > start && is(at(text, i - 1), WORD); i--) {
    }
    return newline || i == start || is_odd_word(text, i, end) ? OPEN : DIVISION;
}

/* ---- scan */

static PyObject *STRING_MARK, *COMMENT_MARK, *LINES_MARK, *TEMPLATE_MARK, *HEAD_MARK, *REGEX_MARK;

/* The open holes of templates: the open braces of each, its own included. */
typedef struct {
    PyObject *list;
    Py_ssize_t depth;
    Py_ssize_t braces; /* of the innermost, whose item in the list is put right by keep_holes */
} Holes;

static int
keep_holes(Holes *holes)
{
    return holes->depth ? PyList_SetItem(holes->list, holes->depth - 1, PyLong_FromSsize_t(holes->braces))
                        : 0;
}

static int
look_at_holes(Holes *holes)
{
    holes->depth = PyList_GET_SIZE(holes->list);
    holes->braces = holes->depth ? PyLong_AsSsize_t(PyList_GET_ITEM(holes->list, holes->depth - 1)) : 0;
    return PyErr_Occurred() ? -1 : 0;
}

static int
open_hole(Holes *holes)
{
    return keep_holes(holes) < 0 || append(holes->list, PyLong_FromLong(0)) < 0 ? -1 : look_at_holes(holes);
}

static int
close_hole(Holes *holes)
{
    return PyList_SetSlice(holes->list, holes->depth - 1, holes->depth, NULL) < 0 ? -1 : look_at_holes(holes);
}

/* A literal, which may be none. */
typedef struct {
    Py_ssize_t start, end; /* an end of -1: Python must look at what is at the start */
    PyObject *mark;
} Literal;

/* The template that begins at i, up to its first hole. */
static Literal
template(const Text *text, Holes *holes, Py_ssize_t i)
{
    bool has_hole = false;
    Literal part = {i, end_of_part(text, i + 1, &has_hole), TEMPLATE_MARK};
    if (has_hole) {
        part.mark = HEAD_MARK;
        open_hole(holes);
    }
    return part;
}

/* What follows the brace at i, which may close a hole. */
static Literal
after_brace(const Text *text, Holes *holes, Py_ssize_t i)
{
    if (holes->braces > 1) {
        holes->braces--;
        return (Literal){i + 1, i + 1, NULL};
    }
    bool has_hole = false;
    Literal rest = {i + 1, end_of_part(text, i + 1, &has_hole), TEMPLATE_MARK};
    if (rest.end < 0) {
        rest.start = i;
    }
    else if (has_hole) {
        rest.mark = HEAD_MARK;
        holes->braces = 0;
    }
    else {
        close_hole(holes);
    }
    return rest;
}

static Literal
after_slash(const Text *text, Py_ssize_t start, Py_ssize_t i)
{
    bool has_lines = false;
    Literal literal = {i, -1, REGEX_MARK};
    if (at(text, i + 1) == '/' || at(text, i + 1) == '*') {
        literal.end = end_of_comment(text, i, &has_lines);
        literal.mark = has_lines ? LINES_MARK : COMMENT_MARK;
        return literal;
    }
    switch (slash(text, start, i)) {
    case DIVISION:
        return (Literal){i + 1, i + 1, NULL};
    case REGEX:
        literal.end = end_of_regex(text, i);
        return literal;
    default:
        return literal;
    }
}

/* What the character at i begins; the stretch of code before it begins at start. */
static Literal
literal_at(const Text *text, Holes *holes, Py_ssize_t start, Py_ssize_t i)
{
    switch (at(text, i)) {
    case '"':
    case '\'':
        return (Literal){i, end_of_string(text, i), STRING_MARK};
    case '`':
        return template(text, holes, i);
    case '/':
        return after_slash(text, start, i);
    case '\\':
        return (Literal){i, -1, NULL};
    case '{':
        if (holes->depth) {
            holes->braces++;
        }
        break;
    case '}':
        if (holes->depth) {
            return after_brace(text, holes, i);
        }
        break;
    }
    return (Literal){i + 1, i + 1, NULL};
}

static PyObject *
scan(PyObject *module, PyObject *args)
{
    PyObject *string, *code, *literals, *marks;
    Py_ssize_t start, i;
    Holes holes;
    if (!PyArg_ParseTuple(args, "UnnO!O!O!O!:scan", &string, &start, &i, &PyList_Type, &holes.list,
                          &PyList_Type, &code, &PyList_Type, &literals, &PyList_Type, &marks) ||
        look_at_holes(&holes) < 0) {
        return NULL;
    }
    Text text = text_of(string);
    if (start < 0 || i < start) {
        PyErr_SetString(PyExc_ValueError, "scan: places must be in order");
        return NULL;
    }
    while (i < text.length) {
        if (!is(PyUnicode_READ(text.kind, text.data, i), LITERAL)) {
            i++;
            continue;
        }
        Literal literal = literal_at(&text, &holes, start, i);
        i = literal.start;
        if (literal.end < 0) {
            break;
        }
        if (literal.mark == NULL) {
            continue;
        }
        if (PyErr_Occurred() || append(code, PyUnicode_Substring(string, start, i)) < 0 ||
            append(literals, PyUnicode_Substring(string, i, literal.end)) < 0 ||
            PyList_Append(marks, literal.mark) < 0) {
            return NULL;
        }
        start = i = literal.end;
    }
    if (PyErr_Occurred() || keep_holes(&holes) < 0) {
        return NULL;
    }
    return Py_BuildValue("nn", start, i < text.length ? i : (Py_ssize_t)-1);
}

/* ---- is_plain */

/* Whether the character at i, which is ORDERED, may stand there. */
static bool
is_in_order(const Text *piece, Py_ssize_t i, Brackets *open)
{
    Py_UCS4 character = at(piece, i), next = at(piece, i + 1);
    switch (character) {
    case '#':
        return is(next, WORD);
    case '@':
        return is(next, WORD) || next == '(';
    case '-': /* an HTML comment may begin or end */
        return next != '-' || (at(piece, i + 2) != '>' && at(piece, i - 1) != '!');
    default:
        return nests(open, character);
    }
}

static bool
is_plain_piece(const Text *piece, Brackets *open)
{
    for (Py_ssize_t i = 0; i < piece->length; i++) {
        Py_UCS4 character = PyUnicode_READ(piece->kind, piece->data, i);
        if (character > 127 || is(character, CONTROL) ||
            (is(character, ORDERED) && !is_in_order(piece, i, open))) {
            return false;
        }
    }
    return true;
}

static PyObject *
is_plain(PyObject *module, PyObject *code)
{
    if (!PyList_Check(code)) {
        PyErr_SetString(PyExc_TypeError, "is_plain: a list of strings is needed");
        return NULL;
    }
    Brackets open = {.depth = 0};
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(code); n++) {
        PyObject *string = PyList_GET_ITEM(code, n);
        if (!PyUnicode_Check(string)) {
            PyErr_SetString(PyExc_TypeError, "is_plain: a list of strings is needed");
            return NULL;
        }
        Text piece = text_of(string);
        if (!is_plain_piece(&piece, &open)) {
            Py_RETURN_FALSE;
        }
    }
    return PyBool_FromLong(open.depth == 0);
}

static PyObject *
nesting(PyObject *module, PyObject *args)
{
    PyObject *string;
    Py_ssize_t start, end, depth = 0;
    if (!PyArg_ParseTuple(args, "Unn:nesting", &string, &start, &end)) {
        return NULL;
    }
    Text code = text_of(string);
    for (Py_ssize_t i = start; i < end; i++) {
        Py_UCS4 character = at(&code, i);
        depth += character == '(' || character == '[' || character == '{';
        depth -= character == ')' || character == ']' || character == '}';
    }
    return PyLong_FromSsize_t(depth);
}

/* ---- squeeze */

enum { KEPT_COMMENT = 1 };

/* Whether the characters around the gap of one character at i would be other tokens without it. */
static bool
runs_together(const Text *code, Py_ssize_t i)
{
    Py_UCS4 before = at(code, i - 2), left = at(code, i - 1), right = at(code, i + 1);
    if (is(right, WORD) && (is(left, WORD) || left == '\'')) {
        return true;
    }
    switch (left) {
    case '.':
        return right == '.' || is(right, DIGIT) || (is(before, DIGIT) && is(right, WORD));
    case '/':
        return right == '\'' || right == '/' || right == '*' || right == '=' || right == KEPT_COMMENT;
    case '\'':
        return right == '/' || right == '*';
    }
    return (right == '=' && is(left, EQUALS)) || (right == '>' && (left == '=' || left == '-')) ||
           (right == left && is(left, DOUBLES)) || (right == '.' && (is(left, DIGIT) || left == '?')) ||
           (right == '!' && left == '<') || (right == '-' && left == '!' && before == '<');
}

/* Whether a statement may end before i. */
static bool
may_end(const Text *code, Py_ssize_t i)
{
    Py_UCS4 before = at(code, i - 2), left = at(code, i - 1);
    return is(left, ENDS) || (left == '+' && before == '+') || (left == '-' && before == '-') ||
           (left == '.' && is(before, DIGIT));
}

/* Whether the line end at i might end a statement. */
static bool
line_end_matters(const Text *code, Py_ssize_t i)
{
    Py_UCS4 right = at(code, i + 1), after = at(code, i + 2);
    return may_end(code, i) &&
           (is(right, BEGINS) || (right == '.' && is(after, DIGIT)) || (right == '=' && after == '>'));
}

/* Each of these writes to out, which has room for it in characters of code's width, and returns the length.
 */

static Py_ssize_t
single_gaps(const Text *code, void *out)
{
    Py_ssize_t length = 0;
    int gap = 0; /* what the characters before this one have of BLANK and LINE_END */
    for (Py_ssize_t i = 0; i < code->length; i++) {
        Py_UCS4 character = PyUnicode_READ(code->kind, code->data, i);
        int property = class(character) & (BLANK | LINE_END);
        if (property) {
            gap |= property;
            continue;
        }
        if (gap && length) {
            PyUnicode_WRITE(code->kind, out, length++, gap & LINE_END ? '\n' : ' ');
        }
        gap = 0;
        PyUnicode_WRITE(code->kind, out, length++, character);
    }
    return length;
}

/* Where the gap around kept comments that begins at i ends; i if there is none. */
static Py_ssize_t
end_of_comments(const Text *code, Py_ssize_t i, Py_ssize_t *comments, bool *newline)
{
    if (at(code, i) != KEPT_COMMENT &&
        ((at(code, i) != ' ' && at(code, i) != '\n') || at(code, i + 1) != KEPT_COMMENT)) {
        return i;
    }
    for (*comments = 0, *newline = false;; i++) {
        Py_UCS4 character = at(code, i);
        *comments += character == KEPT_COMMENT;
        *newline |= character == '\n';
        if (character != KEPT_COMMENT && character != ' ' && character != '\n') {
            return i;
        }
    }
}

/* Comments that stay, a line end after them if one may matter, a space where a slash would join them. */
static Py_ssize_t
around_comments(const Text *code, void *out)
{
    Py_ssize_t length = 0, comments;
    bool newline;
    for (Py_ssize_t i = 0; i < code->length; i++) {
        Py_ssize_t end = end_of_comments(code, i, &comments, &newline);
        if (end == i) {
            PyUnicode_WRITE(code->kind, out, length++, at(code, i));
            continue;
        }
        if (at(code, i - 1) == '/') {
            PyUnicode_WRITE(code->kind, out, length++, ' ');
        }
        for (; comments; comments--) {
            PyUnicode_WRITE(code->kind, out, length++, KEPT_COMMENT);
        }
        if (newline && end < code->length && may_end(code, i)) {
            PyUnicode_WRITE(code->kind, out, length++, '\n');
        }
        i = end - 1;
    }
    return length;
}

static Py_ssize_t
without_spare(const Text *code, Py_UCS4 gap, void *out)
{
    Py_ssize_t length = 0;
    for (Py_ssize_t i = 0; i < code->length; i++) {
        Py_UCS4 character = PyUnicode_READ(code->kind, code->data, i);
        if (character != gap || runs_together(code, i) || (gap == '\n' && line_end_matters(code, i))) {
            PyUnicode_WRITE(code->kind, out, length++, character);
        }
    }
    return length;
}

static PyObject *
squeeze(PyObject *module, PyObject *string)
{
    if (!PyUnicode_Check(string)) {
        PyErr_SetString(PyExc_TypeError, "squeeze: a string is needed");
        return NULL;
    }
    Text code = text_of(string);
    size_t room = 2 * code.length + 1; /* each comment may get a space or a line end */
    void *one = PyMem_Calloc(room, code.kind), *other = PyMem_Calloc(room, code.kind);
    PyObject *result = NULL;
    if (one == NULL || other == NULL) {
        PyErr_NoMemory();
    }
    else {
        Text step = {code.kind, one, single_gaps(&code, one)};
        void *there = one, *next = other;
        if (PyUnicode_FindChar(string, KEPT_COMMENT, 0, code.length, 1) >= 0) {
            step.length = around_comments(&step, other);
            step.data = there = other;
            next = one;
        }
        Text spaceless = {code.kind, next, without_spare(&step, ' ', next)};
        result = PyUnicode_FromKindAndData(code.kind, there, without_spare(&spaceless, '\n', there));
    }
    PyMem_Free(one);
    PyMem_Free(other);
    return result;
}

/* ---- masked */

/* The lengths of the strings in a list, and the largest of their characters; -1 where there are others. */
static Py_ssize_t
length_of(PyObject *strings, Py_UCS4 *largest)
{
    Py_ssize_t length = 0;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(strings); n++) {
        PyObject *string = PyList_GET_ITEM(strings, n);
        if (!PyUnicode_Check(string)) {
            PyErr_SetString(PyExc_TypeError, "masked: lists of strings are needed");
            return -1;
        }
        length += PyUnicode_GET_LENGTH(string);
        if (PyUnicode_MAX_CHAR_VALUE(string) > *largest) {
            *largest = PyUnicode_MAX_CHAR_VALUE(string);
        }
    }
    return length;
}

static PyObject *
masked(PyObject *module, PyObject *args)
{
    PyObject *code, *literals, *marks;
    if (!PyArg_ParseTuple(args, "O!O!O!:masked", &PyList_Type, &code, &PyList_Type, &literals, &PyList_Type,
                          &marks)) {
        return NULL;
    }
    Py_UCS4 largest = 127, ignored = 0;
    Py_ssize_t of_code = length_of(code, &largest), of_literals = length_of(literals, &ignored);
    if (of_code < 0 || of_literals < 0 || length_of(marks, &ignored) < 0) {
        return NULL;
    }
    Py_ssize_t cuts = PyList_GET_SIZE(literals);
    if (PyList_GET_SIZE(marks) != cuts || PyList_GET_SIZE(code) != cuts + 1) {
        PyErr_SetString(PyExc_ValueError, "masked: there is one mark for each literal, and code around them");
        return NULL;
    }
    PyObject *result = PyUnicode_New(of_code + of_literals, largest);
    for (Py_ssize_t n = 0, i = 0; result != NULL && n <= cuts; n++) {
        PyObject *piece = PyList_GET_ITEM(code, n);
        Py_ssize_t size = PyUnicode_GET_LENGTH(piece);
        if (size && PyUnicode_CopyCharacters(result, i, piece, 0, size) < 0) {
            Py_CLEAR(result);
            break;
        }
        i += size;
        size = n < cuts ? PyUnicode_GET_LENGTH(PyList_GET_ITEM(literals, n)) : 0;
        if (size) {
            Text mark = text_of(PyList_GET_ITEM(marks, n));
            Py_UCS4 shown = at(&mark, 0) & 127;
            PyUnicode_WriteChar(result, i, shown);
            PyUnicode_Fill(result, i + 1, size - 1, shown == ' ' || shown == '\n' ? ' ' : 0);
            i += size;
        }
    }
    return result;
}

/* ---- filled */

/* Walks over the code and the literals in place of its marks; copies them into result unless that is NULL.
   Returns the length, and the largest character; -1 where there are more marks than literals, or fewer. */
static Py_ssize_t
fill(PyObject *code, PyObject *literals, PyObject *result, Py_UCS4 *largest)
{
    Text text = text_of(code);
    Py_ssize_t length = 0, start = 0, used = 0;
    for (Py_ssize_t i = 0; i <= text.length; i++) {
        bool at_end = i == text.length;
        if (!at_end && !is(at(&text, i), MARK)) {
            continue;
        }
        if (result != NULL && i > start &&
            PyUnicode_CopyCharacters(result, length, code, start, i - start) < 0) {
            return -1;
        }
        length += i - start;
        start = i + 1;
        if (at_end) {
            break;
        }
        PyObject *literal = used < PyList_GET_SIZE(literals) ? PyList_GET_ITEM(literals, used++) : NULL;
        if (literal == NULL || !PyUnicode_Check(literal)) {
            PyErr_SetString(PyExc_ValueError, "filled: a literal is missing");
            return -1;
        }
        Py_ssize_t size = PyUnicode_GET_LENGTH(literal);
        if (result != NULL && size && PyUnicode_CopyCharacters(result, length, literal, 0, size) < 0) {
            return -1;
        }
        if (PyUnicode_MAX_CHAR_VALUE(literal) > *largest) {
            *largest = PyUnicode_MAX_CHAR_VALUE(literal);
        }
        length += size;
    }
    if (used != PyList_GET_SIZE(literals)) {
        PyErr_SetString(PyExc_ValueError, "filled: a mark is missing");
        return -1;
    }
    return length;
}

static PyObject *
filled(PyObject *module, PyObject *args)
{
    PyObject *code, *literals;
    if (!PyArg_ParseTuple(args, "UO!:filled", &code, &PyList_Type, &literals)) {
        return NULL;
    }
    Py_UCS4 largest = PyUnicode_MAX_CHAR_VALUE(code);
    Py_ssize_t length = fill(code, literals, NULL, &largest);
    if (length < 0) {
        return NULL;
    }
    PyObject *result = PyUnicode_New(length, largest);
    if (result != NULL && fill(code, literals, result, &largest) < 0) {
        Py_CLEAR(result);
    }
    return result;
}

/* ---- the module */

static int
prepare(PyObject *module)
{
    fill_classes();
    STRING_MARK = PyUnicode_InternFromString("\"");
    COMMENT_MARK = PyUnicode_InternFromString(" ");
    LINES_MARK = PyUnicode_InternFromString("\n");
    TEMPLATE_MARK = PyUnicode_InternFromString("`");
    HEAD_MARK = PyUnicode_InternFromString("\x02");
    REGEX_MARK = PyUnicode_InternFromString("'");
    return STRING_MARK && COMMENT_MARK && LINES_MARK && TEMPLATE_MARK && HEAD_MARK && REGEX_MARK ? 0 : -1;
}

static PyMethodDef functions[] = {
    {"scan", scan, METH_VARARGS, NULL},
    {"is_plain", is_plain, METH_O, NULL},
    {"nesting", nesting, METH_VARARGS, NULL},
    {"squeeze", squeeze, METH_O, NULL},
    {"masked", masked, METH_VARARGS, NULL},
    {"filled", filled, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_javascript", .m_size = 0,
                                        .m_methods = functions, .m_slots = slots};

PyMODINIT_FUNC
PyInit__javascript(void)
{
    return PyModuleDef_Init(&definition);
}
