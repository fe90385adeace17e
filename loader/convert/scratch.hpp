// A database of the staging server that exists as long as this object, for making things that nobody keeps. Throws
// Error only when staging itself fails; that a database cannot be made is an answer.
#pragma once
#include <optional>
#include <string>

#include "loader/staging/staging.hpp"

namespace lakemover::loader {

class ScratchDatabase {
public:
    // Nothing and the reason when the server does not let us. What a killed lakemover left is dropped first.
    static std::optional<ScratchDatabase> create(const Staging& staging, std::string& reason);
    ScratchDatabase(ScratchDatabase&&) noexcept = default;
    ScratchDatabase& operator=(ScratchDatabase&&) = delete;
    ~ScratchDatabase();
    Pg& pg() { return *pg_; }

private:
    ScratchDatabase(Pg admin, std::string name) : admin_(std::move(admin)), name_(std::move(name)) {}
    Pg admin_;
    std::string name_;
    std::optional<Pg> pg_;
};

}  // namespace lakemover::loader
