/* Read before each file that mypyc has made (setup.py). Raising is rare: once the compiler knows what is called only then,
   it keeps the way there out of the way of the rest, and more of what runs fits the processor's caches. */
#include <Python.h>
#include <CPy.h>

#define RARE __attribute__((cold))

RARE extern __typeof__(CPy_AddTraceback) CPy_AddTraceback;
RARE extern __typeof__(CPy_AttributeError) CPy_AttributeError;
RARE extern __typeof__(CPy_TypeError) CPy_TypeError;
RARE extern __typeof__(CPy_TypeErrorTraceback) CPy_TypeErrorTraceback;
RARE extern __typeof__(CPyError_OutOfMemory) CPyError_OutOfMemory;
