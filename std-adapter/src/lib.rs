//! WebSocket by hijacking the connection of any HTTP server, on threads.
