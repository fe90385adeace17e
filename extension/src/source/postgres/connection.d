extension/src/source/postgres/connection.o: \
 extension/src/source/postgres/connection.cpp \
 extension/src/source/postgres/connection.hpp \
 extension/src/source/postgres/libpq.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp extension/src/source/dialect.hpp \
 extension/src/source/spec.hpp
extension/src/source/postgres/connection.hpp:
extension/src/source/postgres/libpq.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
extension/src/source/dialect.hpp:
extension/src/source/spec.hpp:
