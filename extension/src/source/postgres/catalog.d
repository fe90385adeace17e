extension/src/source/postgres/catalog.o: \
 extension/src/source/postgres/catalog.cpp \
 /work/wt/fdw/extension/src/source/postgres/catalog.hpp \
 /work/wt/fdw/extension/src/source/postgres/catalog_queries.hpp
/work/wt/fdw/extension/src/source/postgres/catalog.hpp:
/work/wt/fdw/extension/src/source/postgres/catalog_queries.hpp:
