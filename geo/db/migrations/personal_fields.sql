-- What is kept of people, what for and how long. The days are a default of this software to be confirmed by each city.
insert into personal_field (table_name, field, purpose, keep_days, source) values
    ('reporter', 'name', '处置和回访时称呼上报人', 180, '默认值，待城市确认'),
    ('reporter', 'contact', '处置和回访时联系上报人', 180, '默认值，待城市确认'),
    ('reporter', 'raw_fix', '核对归属判定：手机给出的原始位置', 180, '默认值，待城市确认'),
    ('report', 'description', '处置诉求；文字中可能提到个人', null, '默认值，待城市确认'),
    ('person', 'name', '告知由谁负责', null, '默认值，待城市确认'),
    ('person', 'phone', '派遣时联系负责人', null, '默认值，待城市确认');
