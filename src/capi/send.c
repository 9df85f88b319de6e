int viraudit_placeholder;
