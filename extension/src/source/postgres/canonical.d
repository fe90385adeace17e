extension/src/source/postgres/canonical.o: \
 extension/src/source/postgres/canonical.cpp \
 extension/src/source/postgres/canonical.hpp
extension/src/source/postgres/canonical.hpp:
