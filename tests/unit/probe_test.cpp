// What is looked for in rows: parsing, and the SELECTs of both engines with hostile names.
#include <gtest/gtest.h>

#include "source/error.hpp"
#include "source/odbc/probe.hpp"
#include "source/probe.hpp"

namespace {

using namespace lakemover::source;

ProbeSpec look(const char* json) { return parse_probe(json); }

TEST(Probe, NonsenseIsRefused) {
    EXPECT_THROW(look("{"), Error);
    EXPECT_THROW(look(R"j({"kind": "values"})j"), Error);
    EXPECT_THROW(look(R"j({"kind": "values", "schema": 1, "table": "t"})j"), Error);
    EXPECT_THROW(look(R"j({"kind": "values", "schema": "s", "table": "t", "rows": -1})j"), Error);
    EXPECT_THROW(look(R"j({"kind": "orphans", "schema": "s", "table": "t", "columns": [{"name": "a"}]})j"), Error);
    for (const char* kind : {"orphans", "duplicates"}) {
        ProbeSpec empty;
        empty.kind = kind;
        EXPECT_THROW(postgres_probe(empty), Error) << kind;
        EXPECT_THROW(odbc::probe(empty), Error) << kind;
    }
    ProbeSpec unknown = look(R"j({"kind": "drop", "schema": "s", "table": "t", "columns": [{"name": "a"}]})j");
    EXPECT_THROW(postgres_probe(unknown), Error);
    EXPECT_THROW(odbc::probe(unknown), Error);
    ProbeSpec check = look(
        R"j({"kind": "values", "schema": "s", "table": "t", "checks": [{"check": "mood", "name": "a", "type": "text"}]})j");
    EXPECT_THROW(postgres_probe(check), Error);
    EXPECT_THROW(odbc::probe(check), Error);
}

TEST(Probe, NamesCannotEndTheirQuotes) {
    const ProbeSpec spec = look(
        R"j({"kind": "duplicates", "schema": "s\"; DROP", "table": "t]; DROP", "rows": 5, "columns": [{"name": "a\"]'", "type": "int"}]})j");
    EXPECT_EQ(
        postgres_probe(spec),
        "SELECT coalesce(sum(t.n), 0)::bigint, count(*) FILTER (WHERE t.n > 1), max(t.n), min(t.shown COLLATE \"C\") "
        "FILTER (WHERE t.n > 1) FROM (SELECT count(*) AS n, min(left(concat_ws(', ', t.c0::text), 200) COLLATE \"C\") "
        "AS shown FROM (SELECT t.\"a\"\"]'\" AS c0 FROM ONLY \"s\"\"; DROP\".\"t]; DROP\" AS t WHERE t.\"a\"\"]'\" IS "
        "NOT NULL LIMIT 5) AS t GROUP BY t.c0) AS t");
    EXPECT_EQ(
        odbc::probe(spec),
        "SELECT ISNULL(SUM(x.n), 0), COUNT_BIG(CASE WHEN x.n > 1 THEN 1 END), MAX(x.n), MIN(CASE WHEN x.n > 1 THEN "
        "x.shown END) FROM (SELECT COUNT_BIG(*) AS n, MIN(ISNULL(CAST(CONVERT(varchar(41), t.c0) AS nvarchar(100)), "
        "N'NULL')) AS shown FROM (SELECT TOP (5) s.[a\"]]'] AS c0 FROM [s\"; DROP].[t]]; DROP] AS s WHERE s.[a\"]]'] "
        "IS "
        "NOT NULL) AS t GROUP BY t.c0) AS x");
}

TEST(Probe, EveryLookIsOneSelect) {
    for (
        const char* json :
        {R"j({"kind": "values", "schema": "s", "table": "t", "percent": 2.5, "rows": 9, "key": [{"name": "id", "type": "int"}],
             "columns": [{"name": "a", "type": "varchar(9)"}], "checks": [{"check": "width"}]
})j",
         R"j({"kind": "orphans", "schema": "s", "table": "t", "columns": [{"name": "a", "type": "varchar(9)"
}], "ref_schema": "p",
             "ref_table": "q", "ref_columns": [{"name": "b", "type": "char(9)"}], "match_full": true
})j",
         R"j({"kind": "duplicates", "schema": "s", "table": "t", "columns": [{"name": "a", "type": "varchar(9)"
}]
})j"}) {
        for (const std::string& sql : {postgres_probe(look(json)), odbc::probe(look(json))}) {
            EXPECT_EQ(sql.rfind("SELECT ", 0), 0U) << sql;
            EXPECT_EQ(sql.find(';'), std::string::npos) << sql;
        }
    }
}

TEST(Probe, SamplesComeFromAllOverATable) {
    ProbeSpec spec = look(
        R"j({"kind": "duplicates", "schema": "s", "table": "t", "percent": 0.5, "rows": 9, "columns": [{"name": "a"}]})j");
    EXPECT_NE(
        postgres_probe(spec).find(" TABLESAMPLE SYSTEM (0.500000) REPEATABLE (1) WHERE t.\"a\" IS NOT NULL LIMIT 9"),
        std::string::npos);
    spec.percent = 100;
    spec.rows = 0;
    EXPECT_EQ(postgres_probe(spec).find("TABLESAMPLE"), std::string::npos);
    EXPECT_EQ(postgres_probe(spec).find("LIMIT"), std::string::npos);
    EXPECT_EQ(odbc::probe(spec).find("TOP"), std::string::npos);
}

TEST(Probe, BytesOfATextCopyCountTwice) {
    ProbeSpec spec =
        look(R"j({"kind": "values", "schema": "s", "table": "t", "columns": [{"name": "a", "type": "bytea"}],
                              "checks": [{"check": "width"}]})j");
    EXPECT_EQ(postgres_probe(spec).find("* 2"), std::string::npos);
    spec.text_copy = true;
    EXPECT_NE(postgres_probe(spec).find("octet_length(t.c0)::bigint * 2"), std::string::npos);
}

}  // namespace
