// One session's state, and what every statement of it may ask.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine.hpp"
#include "engine/compile.hpp"
#include "engine/store.hpp"

namespace tds {

enum class Isolation { kReadCommitted, kSnapshot, kOther };

// A result in memory: of a query, a table, a view.
struct Relation {
    std::vector<ScopeColumn> columns;
    std::shared_ptr<const Rows> rows;
};

struct ServerFacts {
    std::string version = "16.0.4135.4";
    std::string banner = "Microsoft SQL Server 2022 (test server of lakemover, not SQL Server) - 16.0.4135.4";
    std::string edition = "Developer Edition (64-bit)";
    int engine_edition = 3;
    std::string name = "LMTEST";
};

class Context {
public:
    Context(Database& database, const ServerFacts& facts, Login login, int spid)
        : database_(database), facts_(facts), login_(std::move(login)), spid_(spid) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { end_transaction(); }

    Database& database() { return database_; }
    const ServerFacts& facts() const { return facts_; }
    const Login& login() const { return login_; }
    int spid() const { return spid_; }

    // The rows that this session sees of a table: those of its snapshot, if it has one. Errors 229, 3952, 41332, 41368.
    Relation read(const StoredTable& table, const std::vector<std::string>& hints, const std::string& alias);
    void begin_transaction() { ++transactions_; }
    void end_transaction();
    int transactions() const { return transactions_; }
    // Of the snapshot: its own number, and those that were open when it was fixed. 0 and none without one.
    std::int64_t number() const { return number_; }
    const std::set<std::int64_t>& found_open() const { return found_open_; }
    void isolation(Isolation level) { isolation_ = level; }
    bool count_rows = true;  // SET NOCOUNT OFF

    std::map<std::string, Compiled> variables;       // upper case, with @
    std::map<std::string, Relation> common_tables;   // of the statement that runs
    std::function<void(const std::string&)> hidden;  // throws when a view may not be read

private:
    Database& database_;
    const ServerFacts& facts_;
    Login login_;
    int spid_;
    int transactions_ = 0;
    Isolation isolation_ = Isolation::kReadCommitted;
    std::map<int, std::shared_ptr<const Rows>> snapshot_;
    bool has_snapshot_ = false;
    std::int64_t number_ = 0;
    std::set<std::int64_t> found_open_;
};

// query.cpp
Relation run_query(Context& context, const ts::Query& query, const std::string& source, const Scope* outer,
                   const Frame* frame);
// Its columns, without its rows.
std::vector<ScopeColumn> describe_query(Context& context, const ts::Query& query, const std::string& source);
// Sends rows as they come. Returns how many.
std::int64_t stream_query(Context& context, const ts::Query& query, const std::string& source, Answer& answer);
// catalog.cpp: nothing when there is no such view.
std::optional<Relation> system_view(Context& context, const std::string& name);

}  // namespace tds
