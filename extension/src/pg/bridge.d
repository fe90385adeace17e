extension/src/pg/bridge.o: extension/src/pg/bridge.cpp \
 extension/src/pg/bridge.hpp extension/src/pg/server.hpp \
 extension/src/pg/pg_try.h extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/pg/bridge.hpp:
extension/src/pg/server.hpp:
extension/src/pg/pg_try.h:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
