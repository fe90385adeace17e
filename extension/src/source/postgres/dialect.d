extension/src/source/postgres/dialect.o: \
 extension/src/source/postgres/dialect.cpp \
 extension/src/source/dialect.hpp extension/src/source/spec.hpp \
 extension/src/source/driver.hpp extension/src/source/error.hpp \
 extension/src/source/postgres/canonical.hpp
extension/src/source/dialect.hpp:
extension/src/source/spec.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
extension/src/source/postgres/canonical.hpp:
