// See faults.hpp.
#include "engine/faults.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace tds {

void Faults::add(const Fault& fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(fault);
}

void Faults::clear() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
}

std::optional<Fault> Faults::meet(const std::string& sql) {
    const std::lock_guard lock(mutex_);
    for (Fault& fault : faults_) {
        if (fault.times > 0 && sql.find(fault.part) != std::string::npos) {
            --fault.times;
            return fault;
        }
    }
    return std::nullopt;
}

SqlError error_of_number(int number) {
    struct Known {
        int number;
        int severity;
        const char* text;
    };
    static constexpr std::array kKnown = {
        Known{1205, 13,
              "Transaction (Process ID 55) was deadlocked on lock resources with another process and has been chosen "
              "as the deadlock victim. Rerun the transaction."},
        Known{1222, 16, "Lock request time out period exceeded."},
        Known{3960, 16, "Snapshot isolation transaction aborted due to update conflict."},
        Known{4060, 11, "Cannot open database \"d\" requested by the login. The login failed."},
        Known{18456, 14, "Login failed for user 'u'."},
        Known{40197, 17, "The service has encountered an error processing your request. Please try again."},
        Known{40501, 20, "The service is currently busy. Retry the request after 10 seconds."},
        Known{40613, 17, "Database 'd' on server 's' is not currently available. Please retry the connection later."},
        Known{40615, 14,
              "Cannot open server 's' requested by the login. Client with IP address '10.0.0.1' is not allowed to "
              "access the server."},
        Known{10928, 16, "Resource ID : 1. The request limit for the database is 60 and has been reached."},
        Known{823, 24,
              "The operating system returned error 21 to SQL Server during a read at offset 0x12 in file 'd.mdf'."},
        Known{824, 24, "SQL Server detected a logical consistency-based I/O error: incorrect checksum."},
        Known{208, 16, "Invalid object name 'x'."},
        Known{229, 14, "The SELECT permission was denied on the object 'x', database 'd', schema 'dbo'."},
    };
    const auto found =
        std::find_if(kKnown.begin(), kKnown.end(), [number](const Known& k) { return k.number == number; });
    if (found == kKnown.end()) {
        return {number, 16, "an error that a test asked for"};
    }
    return {found->number, found->severity, found->text};
}

void carry_out(const Fault& fault, Answer* answer) {
    if (fault.action == "drop") throw Misbehave{Misbehave::What::kDrop};
    if (fault.action == "truncate") throw Misbehave{Misbehave::What::kTruncate};
    if (fault.action == "garbage") throw Misbehave{Misbehave::What::kGarbage};
    if (fault.action == "error") throw error_of_number(static_cast<int>(fault.argument));
    if (answer != nullptr) {
        answer->flush();
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(fault.argument);
    while (std::chrono::steady_clock::now() < end) {
        if (answer != nullptr && answer->cancelled()) {
            throw Cancelled{};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void FaultyAnswer::row(const std::vector<Value>& values) {
    if (fault_.action == "slow") {
        std::this_thread::sleep_for(std::chrono::microseconds(fault_.argument));
    } else if (rows_++ == fault_.after_rows) {
        carry_out(fault_, &inner_);
    }
    inner_.row(values);
}

}  // namespace tds
