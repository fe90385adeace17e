// lakemover._in_transaction_block(): whether COMMIT in a procedure would fail, asked before it is
// tried, since an exception block around the COMMIT would itself make it fail. Zone: pg.
#include "pg/server.hpp"

extern "C" {
#include "access/xact.h"

PG_FUNCTION_INFO_V1(lakemover_in_transaction_block);

PGDLLEXPORT Datum lakemover_in_transaction_block(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    PG_RETURN_BOOL(IsTransactionBlock());
}
}
