// The test server's engine: one database, its users, its faults.
#pragma once
#include <memory>
#include <string>

#include "engine.hpp"
#include "engine/context.hpp"
#include "engine/faults.hpp"

namespace tds {

struct EngineOptions {
    std::string database = "lm";
    std::string collation;  // empty: SQL_Latin1_General_CP1_CI_AS
    std::string user = "sa";
    std::string password;
    bool log_statements = false;
};

class ServerEngine final : public Engine {
public:
    explicit ServerEngine(EngineOptions options);
    std::unique_ptr<Session> login(const Login& login, int spid) override;
    std::string server_name() const override { return facts_.name; }
    // Statements of a file, with GO between batches; before anybody connects. Throws SqlError.
    void run_script(const std::string& sql);

    Database& database() { return database_; }
    ServerFacts& facts() { return facts_; }
    Faults& faults() { return faults_; }
    std::set<std::string>& hidden_views() { return hidden_views_; }
    bool logs_statements() const { return options_.log_statements; }

private:
    EngineOptions options_;
    Database database_;
    ServerFacts facts_;
    Faults faults_;
    std::set<std::string> hidden_views_;
};

}  // namespace tds
