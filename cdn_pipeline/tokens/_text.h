/* A Python string as a row of characters, whatever their width, and what both lexers do with one. */

#ifndef CDN_PIPELINE_TEXT_H
#define CDN_PIPELINE_TEXT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

/* ---- the characters of a string */

typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

static inline Text
text_of(PyObject *string)
{
    Text text = {PyUnicode_KIND(string), PyUnicode_DATA(string), PyUnicode_GET_LENGTH(string)};
    return text;
}

/* The character at i; 0 outside of the text. */
static inline Py_UCS4
at(const Text *text, Py_ssize_t i)
{
    return i >= 0 && i < text->length ? PyUnicode_READ(text->kind, text->data, i) : 0;
}

/* Gives each of *characters*, which are ASCII, another property. */
static inline void
classify(unsigned short classes[128], const char *characters, int property)
{
    for (; *characters; characters++) {
        classes[(unsigned char)*characters] |= property;
    }
}

/* ---- open brackets */

enum { DEEPEST = 100 };

typedef struct {
    char closers[DEEPEST];
    int depth;
} Brackets;

/* Whether the bracket is well nested, and not too deep. */
static inline bool
nests(Brackets *open, Py_UCS4 bracket)
{
    switch (bracket) {
    case '(':
    case '[':
    case '{':
        if (open->depth == DEEPEST) {
            return false;
        }
        open->closers[open->depth++] = bracket == '(' ? ')' : bracket == '[' ? ']' : '}';
        return true;
    default:
        return open->depth > 0 && open->closers[--open->depth] == (char)bracket;
    }
}

/* ---- lists */

/* Appends a new reference, which may be NULL after an error, and gives it up. */
static inline int
append(PyObject *list, PyObject *item)
{
    if (item == NULL) {
        return -1;
    }
    int result = PyList_Append(list, item);
    Py_DECREF(item);
    return result;
}

#endif
