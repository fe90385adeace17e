extension/src/codec/text_digester.o: \
 extension/src/codec/text_digester.cpp \
 extension/src/codec/stream_digester.hpp \
 extension/src/codec/canonical.hpp extension/src/codec/digest.hpp \
 extension/src/codec/error.hpp
extension/src/codec/stream_digester.hpp:
extension/src/codec/canonical.hpp:
extension/src/codec/digest.hpp:
extension/src/codec/error.hpp:
