extension/src/source/postgres/catalog.o: \
 extension/src/source/postgres/catalog.cpp \
 extension/src/source/postgres/catalog.hpp \
 extension/src/source/postgres/catalog_queries.hpp
extension/src/source/postgres/catalog.hpp:
extension/src/source/postgres/catalog_queries.hpp:
