#include "loader/util/pq.hpp"

int main() { return 0; }
