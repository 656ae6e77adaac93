/* The inner loops of CSS' lexer and printer. */

#include "_text.h"

static PyMethodDef functions[] = {{NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_css", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC
PyInit__css(void)
{
    return PyModuleDef_Init(&definition);
}
