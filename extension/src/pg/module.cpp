// The library's magic block: which server it was built for. Zone: pg.
#include "pg/server.hpp"

extern "C" {
PG_MODULE_MAGIC;
}
