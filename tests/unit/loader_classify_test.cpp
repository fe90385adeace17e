// What an error asks for: another attempt, giving up, waiting, another secret.
#include <gtest/gtest.h>

#include "loader/engine/classify.hpp"

namespace lakemover::loader {
namespace {

TEST(Classify, States) {
    for (const char* state : {"08001", "08006", "57P01", "57P02", "57P03", "57P05", "53100", "53300", "25006"})
        EXPECT_EQ(response_to(state, 0, false), Response::kOutage) << state;
    for (const char* state : {"40001", "40P01", "55P03", "57014", "53200", "08P01", "P0001", "XX000", ""})
        EXPECT_EQ(response_to(state, 0, false), Response::kRetry) << state;
    for (const char* state : {"22P02", "22021", "23505", "23514", "42501", "42P01", "0A000", "54000"})
        EXPECT_EQ(response_to(state, 0, false), Response::kFail) << state;
    for (const char* state : {"28P01", "28000"}) EXPECT_EQ(response_to(state, 0, false), Response::kNewSecret) << state;
}

TEST(Classify, LostConnectionIsAnOutageWhateverWasSaid) {
    EXPECT_EQ(response_to("XX000", 0, true), Response::kOutage);
    EXPECT_EQ(response_to("", 0, true), Response::kOutage);
    EXPECT_EQ(response_to("42501", 0, true), Response::kOutage);
    EXPECT_EQ(response_to("28P01", 0, true), Response::kNewSecret);
}

TEST(Classify, NativeNumbersSayMoreThanStates) {
    for (const int native : {40613, 40197, 40501, 10928, 49918, 10054, 4060})
        EXPECT_EQ(response_to("42000", native, false), Response::kOutage) << native;
    for (const int native : {1205, 1222, 3960})
        EXPECT_EQ(response_to("42000", native, false), Response::kRetry) << native;
    EXPECT_EQ(response_to("08001", 18456, false), Response::kNewSecret);
    EXPECT_EQ(response_to("HY000", 208, false), Response::kFail);
    EXPECT_EQ(response_to("HY000", 824, false), Response::kRetry);
}

TEST(Classify, NativeNumberIsReadFromTheSourcesDetail) {
    Error e(Exit::kOther, "reading failed",
            "a [name] of theirs\nnot currently available [HY000, 40613]\nmore [01000, 5701]", {}, "HV000");
    e.peer = "source";
    EXPECT_EQ(response_to(e), Response::kOutage);
    // The same text from another server is no number of SQL Server.
    e.peer = "target";
    EXPECT_EQ(response_to(e), Response::kRetry);
    e.peer = "source";
    e.detail = "odd [HY000, 4061";
    EXPECT_EQ(response_to(e), Response::kRetry);
}

}  // namespace
}  // namespace lakemover::loader
