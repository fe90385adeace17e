/* See pg_try.h. The error state is flushed: whoever gets the ErrorData must raise it again. */
#include "pg_try.h"

ErrorData* lakemover_pg_try(void (*fn)(void*), void* arg) {
    MemoryContext caller = CurrentMemoryContext;
    ErrorData* volatile error = NULL;

    PG_TRY();
    { fn(arg); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(caller);
        error = CopyErrorData();
        FlushErrorState();
    }
    PG_END_TRY();
    return error;
}
