extension/src/source/postgres/cursor.o: \
 extension/src/source/postgres/cursor.cpp \
 extension/src/source/postgres/connection.hpp \
 extension/src/source/postgres/libpq.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/postgres/connection.hpp:
extension/src/source/postgres/libpq.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
