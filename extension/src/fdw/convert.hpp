// Text of the source to values of a row, through the types' input functions. Zone: PostgreSQL.
#pragma once
#include "fdw/fdw.hpp"

extern "C" {
#include "access/tupdesc.h"
}

namespace lakemover::fdw {

// Input functions of a row type, and where a conversion is, for the error context. Plain data.
struct Converter {
    TupleDesc desc;
    FmgrInfo* functions;
    Oid* io_params;
    List* retrieved;       // attribute number of each remote column
    const char* relation;  // foreign table's name, nullptr for an aggregate
    bool verify;           // the source is in SQL_ASCII: it passes on whatever bytes it stores
    int current;           // attribute being converted
};

Converter* make_converter(TupleDesc desc, List* retrieved, const char* relation);

// Fills values and nulls of desc->natts from one remote row; server errors pass through.
void convert_row(Converter* converter, const source::TextRow& row, Datum* values, bool* nulls);

}  // namespace lakemover::fdw
