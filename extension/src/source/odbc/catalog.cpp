// See catalog.hpp. One SELECT a view, with documented columns of SQL Server 2014 only unless the version allows
// more; joining is left to staging. Numbers leave as bigint, flags as int, so that no driver's text form matters.
#include "source/odbc/catalog.hpp"

#include <algorithm>
#include <array>

namespace lakemover::source::odbc {

namespace {

constexpr int k2016 = 130000;
constexpr int k2017 = 140000;

struct Topic {
    std::string_view name;
    std::string_view query;
    int since = 0;  // versions before read the plain form, where a column came later
    std::string_view before = {};
};

constexpr std::array kTopics = {
    Topic{
        "mssql_database",
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('Edition') AS "
        "nvarchar(128)), "
        "CAST(SERVERPROPERTY('EngineEdition') AS int), d.name, d.collation_name, CAST(d.compatibility_level AS int), "
        "CAST(d.snapshot_isolation_state AS int), CAST(d.is_read_committed_snapshot_on AS int), CAST(d.is_read_only AS "
        "int), CAST(CASE WHEN d.source_database_id IS NULL THEN 0 ELSE 1 END AS int) FROM sys.databases AS d WHERE "
        "d.database_id = DB_ID()"},
    Topic{"mssql_schema", "SELECT CAST(s.schema_id AS bigint), s.name FROM sys.schemas AS s"},
    Topic{
        "mssql_table",
        "SELECT CAST(t.object_id AS bigint), CAST(t.schema_id AS bigint), t.name, CAST(t.is_memory_optimized AS int), "
        "CAST(t.temporal_type AS int) FROM sys.tables AS t WHERE t.is_ms_shipped = 0",
        k2016,
        "SELECT CAST(t.object_id AS bigint), CAST(t.schema_id AS bigint), t.name, CAST(t.is_memory_optimized AS int), "
        "CAST(0 AS int) FROM sys.tables AS t WHERE t.is_ms_shipped = 0"},
    Topic{"mssql_permission",
          "SELECT CAST(t.object_id AS bigint), CAST(HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(t.schema_id)) + N'.' + "
          "QUOTENAME(t.name), 'OBJECT', 'SELECT') AS int) FROM sys.tables AS t WHERE t.is_ms_shipped = 0"},
    Topic{
        "mssql_column",
        "SELECT CAST(c.object_id AS bigint), CAST(c.column_id AS int), c.name, y.name, CAST(y.is_user_defined AS int), "
        "TYPE_NAME(c.system_type_id), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), "
        "c.collation_name, CAST(c.is_nullable AS int), CAST(c.is_identity AS int), CAST(c.is_computed AS int), "
        "CAST(c.is_filestream AS int), CAST(c.is_sparse AS int) FROM sys.columns AS c JOIN sys.tables AS t ON "
        "t.object_id = c.object_id JOIN sys.types AS y ON y.user_type_id = c.user_type_id WHERE t.is_ms_shipped = 0"},
    Topic{"mssql_identity",
          "SELECT CAST(i.object_id AS bigint), CAST(i.column_id AS int), COALESCE(CAST(i.seed_value AS decimal(38,0)), "
          "IDENT_SEED(QUOTENAME(SCHEMA_NAME(t.schema_id)) + N'.' + QUOTENAME(t.name))), "
          "COALESCE(CAST(i.increment_value AS "
          "decimal(38,0)), IDENT_INCR(QUOTENAME(SCHEMA_NAME(t.schema_id)) + N'.' + QUOTENAME(t.name))), "
          "CAST(i.last_value AS "
          "decimal(38,0)) FROM sys.identity_columns AS i "
          "JOIN sys.tables AS t ON t.object_id = i.object_id WHERE t.is_ms_shipped = 0"},
    Topic{
        "mssql_computed",
        "SELECT CAST(c.object_id AS bigint), CAST(c.column_id AS int), c.definition, CAST(c.is_persisted AS int) FROM "
        "sys.computed_columns AS c JOIN sys.tables AS t ON t.object_id = c.object_id WHERE t.is_ms_shipped = 0"},
    Topic{"mssql_default",
          "SELECT CAST(d.parent_object_id AS bigint), CAST(d.parent_column_id AS int), d.name, d.definition FROM "
          "sys.default_constraints AS d"},
    Topic{"mssql_index",
          "SELECT CAST(i.object_id AS bigint), CAST(i.index_id AS int), i.name, CAST(i.type AS int), i.type_desc, "
          "CAST(i.is_unique AS int), CAST(i.is_primary_key AS int), CAST(i.is_unique_constraint AS int), "
          "CAST(i.is_disabled AS int), CAST(i.is_hypothetical AS int), i.filter_definition FROM sys.indexes AS i JOIN "
          "sys.tables AS t ON t.object_id = i.object_id WHERE i.type > 0 AND t.is_ms_shipped = 0"},
    Topic{"mssql_index_column",
          "SELECT CAST(c.object_id AS bigint), CAST(c.index_id AS int), CAST(c.index_column_id AS int), "
          "CAST(c.column_id AS "
          "int), CAST(c.key_ordinal AS int), CAST(c.is_descending_key AS int), CAST(c.is_included_column AS int) FROM "
          "sys.index_columns AS c JOIN sys.tables AS t ON t.object_id = c.object_id WHERE t.is_ms_shipped = 0"},
    Topic{"mssql_key",
          "SELECT CAST(k.object_id AS bigint), CAST(k.parent_object_id AS bigint), k.name, k.type, "
          "CAST(k.unique_index_id AS "
          "int) FROM sys.key_constraints AS k"},
    Topic{"mssql_check",
          "SELECT CAST(k.object_id AS bigint), CAST(k.parent_object_id AS bigint), k.name, k.definition, "
          "CAST(k.is_disabled "
          "AS int), CAST(k.is_not_trusted AS int) FROM sys.check_constraints AS k"},
    Topic{"mssql_foreign_key",
          "SELECT CAST(k.object_id AS bigint), CAST(k.parent_object_id AS bigint), CAST(k.referenced_object_id AS "
          "bigint), "
          "k.name, CAST(k.delete_referential_action AS int), CAST(k.update_referential_action AS int), "
          "CAST(k.is_disabled AS "
          "int), CAST(k.is_not_trusted AS int), CAST(k.key_index_id AS int) FROM sys.foreign_keys AS k"},
    Topic{"mssql_foreign_key_column",
          "SELECT CAST(c.constraint_object_id AS bigint), CAST(c.constraint_column_id AS int), CAST(c.parent_column_id "
          "AS "
          "int), CAST(c.referenced_column_id AS int) FROM sys.foreign_key_columns AS c"},
    // current_value of a sequence that was never used is its start, and so is that of one used once; only
    // last_used_value tells them apart.
    Topic{
        "mssql_sequence",
        "SELECT CAST(s.object_id AS bigint), CAST(s.schema_id AS bigint), s.name, TYPE_NAME(s.system_type_id), "
        "CAST(s.start_value AS decimal(38,0)), CAST(s.increment AS decimal(38,0)), CAST(s.minimum_value AS "
        "decimal(38,0)), CAST(s.maximum_value AS decimal(38,0)), CAST(s.is_cycling AS int), CAST(s.cache_size AS int), "
        "CAST(s.current_value AS decimal(38,0)), CAST(s.last_used_value AS decimal(38,0)), CAST(1 AS int) FROM "
        "sys.sequences AS s",
        k2017,
        "SELECT CAST(s.object_id AS bigint), CAST(s.schema_id AS bigint), s.name, TYPE_NAME(s.system_type_id), "
        "CAST(s.start_value AS decimal(38,0)), CAST(s.increment AS decimal(38,0)), CAST(s.minimum_value AS "
        "decimal(38,0)), CAST(s.maximum_value AS decimal(38,0)), CAST(s.is_cycling AS int), CAST(s.cache_size AS int), "
        "CAST(s.current_value AS decimal(38,0)), CAST(NULL AS decimal(38,0)), CAST(0 AS int) FROM sys.sequences AS s"},
    Topic{
        "mssql_module",
        "SELECT CAST(o.object_id AS bigint), o.type, CAST(o.schema_id AS bigint), o.name, CAST(o.parent_object_id AS "
        "bigint), m.definition FROM sys.objects AS o LEFT JOIN sys.sql_modules AS m ON m.object_id = o.object_id WHERE "
        "o.is_ms_shipped = 0 AND o.type IN ('P', 'PC', 'FN', 'IF', 'TF', 'FS', 'FT', 'AF', 'V', 'TR', 'TA')"},
    Topic{"mssql_trigger",
          "SELECT CAST(t.object_id AS bigint), CAST(t.is_disabled AS int), CAST(t.is_instead_of_trigger AS int) FROM "
          "sys.triggers AS t WHERE t.parent_class = 1"},
    Topic{"mssql_synonym",
          "SELECT CAST(s.object_id AS bigint), CAST(s.schema_id AS bigint), s.name, s.base_object_name FROM "
          "sys.synonyms AS s"},
    Topic{"mssql_rows",
          "SELECT CAST(p.object_id AS bigint), CAST(SUM(p.rows) AS bigint), CAST(COUNT(*) AS int) FROM sys.partitions "
          "AS p "
          "WHERE p.index_id IN (0, 1) GROUP BY p.object_id"},
    Topic{"mssql_rowversion", "SELECT CAST(@@DBTS AS bigint)"},
    Topic{"mssql_pages",
          "SELECT CAST(p.object_id AS bigint), CAST(p.index_id AS int), CAST(SUM(p.used_page_count) AS bigint), "
          "CAST(SUM(p.row_count) AS bigint) FROM sys.dm_db_partition_stats AS p GROUP BY p.object_id, p.index_id"},
    Topic{"mssql_property",
          "SELECT CAST(p.class AS int), CAST(p.major_id AS bigint), CAST(p.minor_id AS int), CAST(p.value AS "
          "nvarchar(4000)) "
          "FROM sys.extended_properties AS p WHERE p.name = 'MS_Description'"},
    // What the checks of the assessment need besides; none of it is moved.
    Topic{"mssql_feature",
          "SELECT CAST(t.object_id AS bigint), CAST(t.is_filetable AS int), CAST(t.is_external AS int), "
          "CAST(t.is_node AS int), CAST(t.is_edge AS int) FROM sys.tables AS t WHERE t.is_ms_shipped = 0",
          k2017,
          "SELECT CAST(t.object_id AS bigint), CAST(t.is_filetable AS int), CAST(0 AS int), CAST(0 AS int), CAST(0 AS "
          "int) FROM sys.tables AS t WHERE t.is_ms_shipped = 0"},
    Topic{"mssql_fulltext", "SELECT CAST(f.object_id AS bigint) FROM sys.fulltext_indexes AS f"},
    // A filter predicate (0) takes rows out of what anybody reads, the owner too.
    Topic{
        "mssql_row_filter",
        "SELECT CAST(p.target_object_id AS bigint), CAST(y.is_enabled AS int), y.name FROM sys.security_predicates AS "
        "p JOIN sys.security_policies AS y ON y.object_id = p.object_id WHERE p.predicate_type = 0",
        k2016, "SELECT CAST(0 AS bigint), CAST(0 AS int), s.name FROM sys.schemas AS s WHERE s.schema_id < 0"},
    Topic{"mssql_masked",
          "SELECT CAST(m.object_id AS bigint), CAST(m.column_id AS int) FROM sys.masked_columns AS m WHERE m.is_masked "
          "= 1",
          k2016, "SELECT CAST(s.schema_id AS bigint), CAST(0 AS int) FROM sys.schemas AS s WHERE s.schema_id < 0"},
    Topic{"mssql_encrypted",
          "SELECT CAST(c.object_id AS bigint), CAST(c.column_id AS int) FROM sys.columns AS c WHERE c.encryption_type "
          "IS NOT NULL",
          k2016, "SELECT CAST(s.schema_id AS bigint), CAST(0 AS int) FROM sys.schemas AS s WHERE s.schema_id < 0"},
    Topic{"mssql_reader",
          "SELECT CAST(HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION') AS int), CAST(HAS_PERMS_BY_NAME(DB_NAME(), "
          "'DATABASE', 'VIEW DEFINITION') AS int), CAST(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UNMASK') AS int)"},
    Topic{"mssql_operation",
          "SELECT CAST(d.is_published AS int), CAST(d.is_merge_published AS int), CAST(d.is_subscribed AS int), "
          "CAST(d.is_cdc_enabled AS int), CAST(d.is_broker_enabled AS int), CAST(d.is_encrypted AS int), "
          "CAST(d.is_auto_close_on AS int), CAST(d.is_trustworthy_on AS int) FROM sys.databases AS d WHERE "
          "d.database_id = DB_ID()"},
    Topic{"mssql_user",
          "SELECT CAST(p.principal_id AS int), p.name, p.type, p.type_desc, CAST(p.is_fixed_role AS int) FROM "
          "sys.database_principals AS p"},
    Topic{"mssql_member",
          "SELECT CAST(m.role_principal_id AS int), CAST(m.member_principal_id AS int) FROM "
          "sys.database_role_members AS m"},
    Topic{"mssql_grant",
          "SELECT CAST(g.class AS int), CAST(g.major_id AS bigint), CAST(g.grantee_principal_id AS int), "
          "g.permission_name, g.state_desc FROM sys.database_permissions AS g"},
    Topic{"mssql_certificate", "SELECT CAST(c.certificate_id AS int), c.name FROM sys.certificates AS c"},
    Topic{"mssql_symmetric_key", "SELECT CAST(k.symmetric_key_id AS int), k.name FROM sys.symmetric_keys AS k"},
    Topic{"mssql_assembly",
          "SELECT CAST(a.assembly_id AS int), a.name, a.permission_set_desc FROM sys.assemblies AS a WHERE "
          "a.is_user_defined = 1"},
    Topic{"mssql_login",
          "SELECT CAST(p.principal_id AS int), p.name, p.type_desc, CAST(p.is_disabled AS int) FROM "
          "sys.server_principals AS p WHERE p.type IN ('S', 'U', 'G', 'E', 'X')"},
    Topic{"mssql_linked_server",
          "SELECT CAST(s.server_id AS int), s.name, s.product, s.provider FROM sys.servers AS s WHERE s.is_linked = "
          "1"},
    Topic{"mssql_job", "SELECT j.name, CAST(j.enabled AS int) FROM msdb.dbo.sysjobs AS j"},
    Topic{"mssql_mail_profile", "SELECT m.name FROM msdb.dbo.sysmail_profile AS m"},
};

}  // namespace

std::optional<std::string> catalog_query(std::string_view topic, int version_num) {
    const auto found = std::find_if(kTopics.begin(), kTopics.end(), [&](const Topic& t) { return t.name == topic; });
    if (found == kTopics.end()) {
        return std::nullopt;
    }
    return std::string(version_num < found->since ? found->before : found->query);
}

std::vector<std::string_view> catalog_topics() {
    std::vector<std::string_view> names;
    for (const Topic& topic : kTopics) {
        names.push_back(topic.name);
    }
    return names;
}

}  // namespace lakemover::source::odbc
