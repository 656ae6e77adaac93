/* A Python string as a row of characters, whatever their width, and what both lexers do with one. */

#ifndef CDN_PIPELINE_TEXT_H
#define CDN_PIPELINE_TEXT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

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
