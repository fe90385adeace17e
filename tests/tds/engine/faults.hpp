// Misbehaviour on request: EXEC lm_misbehave N'part of a statement', 'action', times, rows. Actions: "drop",
// "truncate", "garbage", "error N", "stall MS", "slow US" (a row). The statement is met when it contains the part;
// a login when the part is "login". After so many rows, or at once.
#pragma once
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "engine.hpp"

namespace tds {

struct Fault {
    std::string part;
    std::string action;
    std::int64_t argument = 0;
    int times = 1;
    std::int64_t after_rows = 0;
};

class Faults {
public:
    void add(const Fault& fault);
    void clear();
    // The first fault that the statement meets; one of its times is used up.
    std::optional<Fault> meet(const std::string& sql);

private:
    std::mutex mutex_;
    std::list<Fault> faults_;
};

SqlError error_of_number(int number);
// Does what the fault says: throws, or waits until the time is over or the client cancels.
void carry_out(const Fault& fault, Answer* answer);

// Passes answers on until the fault's row.
class FaultyAnswer final : public Answer {
public:
    FaultyAnswer(Answer& inner, const Fault& fault) : inner_(inner), fault_(fault) {}
    void columns(const std::vector<ResultColumn>& columns) override { inner_.columns(columns); }
    void row(const std::vector<Value>& values) override;
    void statement_done(std::int64_t rows, bool more_follow) override { inner_.statement_done(rows, more_follow); }
    void message(int number, int severity, int state, const std::string& text) override {
        inner_.message(number, severity, state, text);
    }
    void flush() override { inner_.flush(); }
    bool cancelled() override { return inner_.cancelled(); }

private:
    Answer& inner_;
    Fault fault_;
    std::int64_t rows_ = 0;
};

}  // namespace tds
