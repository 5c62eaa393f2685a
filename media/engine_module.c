/* The Python binding of the RTP engine: media._engine. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine/engine.h"

typedef struct {
    PyObject_HEAD
    struct engine *engine;
    int running;
} EngineObject;

static int engine_object_init(EngineObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"listen_fd", "first_port", "last_port", "orphan_seconds", "batched", NULL};
    struct engine_options options = {.orphan_seconds = 60, .batched = true};
    int batched = 1;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "iII|$Ip", names, &options.listen_fd, &options.first_port,
                                     &options.last_port, &options.orphan_seconds, &batched))
        return -1;
    if (self->engine) {
        PyErr_SetString(PyExc_RuntimeError, "an Engine is made once");
        return -1;
    }
    options.batched = batched;
    const char *reason;
    self->engine = engine_new(&options, &reason);
    if (self->engine)
        return 0;
    PyErr_SetString(PyExc_OSError, reason);
    return -1;
}

static void engine_object_dealloc(EngineObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (self->engine)
        engine_free(self->engine);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *engine_object_run(EngineObject *self, PyObject *unused)
{
    (void)unused;
    if (!self->engine || self->running) {
        PyErr_SetString(PyExc_RuntimeError, "the engine is not made, or is running already");
        return NULL;
    }
    self->running = 1;
    Py_BEGIN_ALLOW_THREADS
    engine_run(self->engine);
    Py_END_ALLOW_THREADS
    self->running = 0;
    Py_RETURN_NONE;
}

static PyObject *engine_object_stop(EngineObject *self, PyObject *unused)
{
    (void)unused;
    if (self->engine)
        engine_stop(self->engine);
    Py_RETURN_NONE;
}

static PyObject *engine_object_lives(EngineObject *self, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(self->engine && engine_lives(self->engine));
}

static PyMethodDef engine_object_methods[] = {
    {"run", (PyCFunction)engine_object_run, METH_NOARGS, "Run the packet loop without the GIL until stop() is called."},
    {"stop", (PyCFunction)engine_object_stop, METH_NOARGS, "End run(), from any thread."},
    {"lives", (PyCFunction)engine_object_lives, METH_NOARGS, "Whether run() has come round since the last call, from any thread."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot engine_object_slots[] = {
    {Py_tp_doc, "An RTP engine controlled through a listening Unix socket."},
    {Py_tp_init, engine_object_init},
    {Py_tp_dealloc, engine_object_dealloc},
    {Py_tp_methods, engine_object_methods},
    {0, NULL},
};

static PyType_Spec engine_object_spec = {
    .name = "media._engine.Engine",
    .basicsize = sizeof(EngineObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = engine_object_slots,
};

static int engine_module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&engine_object_spec);
    if (!type)
        return -1;
    int result = PyModule_AddObjectRef(module, "Engine", type);
    Py_DECREF(type);
    return result;
}

static PyModuleDef_Slot engine_module_slots[] = {
    {Py_mod_exec, engine_module_exec},
    {0, NULL},
};

static struct PyModuleDef engine_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "media._engine",
    .m_doc = "The native RTP engine.",
    .m_slots = engine_module_slots,
};

PyMODINIT_FUNC PyInit__engine(void)
{
    return PyModuleDef_Init(&engine_module);
}
